"""Plan production on a local cloud of its own and keep what is billed: ``make cost-plan``.

The file lets ``make cost`` run without planning (minutes). Make it again when a root gets something that is billed;
``make cost PLAN=folder`` takes real plans.
"""

from __future__ import annotations

import argparse
import json

from scripts.cost.infrastructure import SAMPLE, read_plan
from scripts.infrastructure.environments import load_environment
from scripts.paths import BUILD
from scripts.plans import make_plans
from scripts.talk import make_console, run_program

ENVIRONMENT = "prod"
PLANS = BUILD / "cost" / "plans"


def main() -> int:
    argparse.ArgumentParser(prog="cost.sample_plan", description=__doc__).parse_args()
    environment = load_environment(ENVIRONMENT)
    make_plans(environment, PLANS, stage=environment.text("recovery_stage"))
    resources = [each.model_dump(mode="json", exclude={"before"}) for each in read_plan(PLANS)]
    lines = ",\n".join(f"  {json.dumps(each)}" for each in resources)
    SAMPLE.write_text(f'{{"environment": "{ENVIRONMENT}", "resources": [\n{lines}\n]}}\n', encoding="utf-8")
    make_console().print(f"{SAMPLE}: {len(resources)} resources", highlight=False)
    return 0


if __name__ == "__main__":
    run_program(main)
