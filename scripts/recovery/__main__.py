"""Command line of the recovery (``make recover``): ``python -m scripts.recovery STEP [--env NAME] [--directory NAME]``.

The runbooks docs/runbooks/region-failover.md and region-failback.md say which step comes when.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from scripts.infrastructure.environments import load_environment
from scripts.recovery import failback, failover, readiness
from scripts.recovery.standby import Standby
from scripts.talk import run_program

STEPS: dict[str, Callable[[Standby], int]] = {
    "ready": readiness.ready,
    "status": failover.status,
    "fence": failover.fence,
    "promote-storage": failover.promote_storage,
    "restore-volumes": failover.restore_volumes,
    "check": failover.check,
    "primary-answers": failback.primary_answers,
    "mirror-storage": failback.mirror_storage,
    "await-replicas": failback.await_replicas,
    "return-storage": failback.return_storage,
    "unfence": failover.unfence,
    "compare": failback.compare,
}
RESTORE_DIRECTORY = "restore-directory"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="recovery", description=__doc__)
    parser.add_argument("step", choices=[*STEPS, RESTORE_DIRECTORY])
    parser.add_argument("--env", default="local")
    parser.add_argument("--directory", default="critical", help="for restore-directory")
    arguments = parser.parse_args()
    step = STEPS.get(arguments.step) or partial(failover.restore_directory, directory=arguments.directory)
    return step(Standby(load_environment(arguments.env)))


if __name__ == "__main__":
    run_program(main)
