"""Plans of every root, without anything applied: against a local cloud that holds nothing but sample handoffs.

The handoffs are ``tests/data/handoffs``; a test compares them with the real ones. Plans show what sources hide: values
that come through variables, catalogue files and modules.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

from scripts.infrastructure import commands
from scripts.infrastructure.environments import BOOTSTRAP, RECOVERY, ROOTS, Environment, load_environment
from scripts.infrastructure.order import always, at_once, room
from scripts.localcloud import LocalCloud, own_local_cloud
from scripts.paths import BUILD, CATALOG, DIST, MODULES, SAMPLE_HANDOFFS, TERRAFORM

PLANS = BUILD / "sample-plans"
SOURCES = (TERRAFORM, MODULES, CATALOG, SAMPLE_HANDOFFS, DIST / "functions")


def sample_plans(environment: str = "local") -> dict[str, Path]:
    """Root -> its plan as JSON, with the values of an environment; made only when what they are made of has changed."""
    folder, digest = PLANS / environment, _digest()
    stamp = folder / "sources.sha256"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != digest:
        make_plans(load_environment(environment), folder)
        stamp.write_text(digest, encoding="utf-8")
    return _files(folder)


def make_plans(
    environment: Environment, folder: Path, only: str | None = None, stage: str = "active"
) -> dict[str, Path]:
    """Plan every root, or one, with the values of ``environment`` on a local cloud of its own; root -> plan as JSON.

    An environment that is none of the local cloud is planned there too: its values, and nothing of its account.
    """
    shutil.rmtree(folder, ignore_errors=True)
    here = replace(environment, name="local")
    with own_local_cloud(BUILD / "sample-plans-localcloud") as cloud:
        _publish_handoffs(cloud, here)

        def plan(root: str) -> None:
            # All of the standby, unless asked for less: an environment may have nothing of it yet.
            commands.plan(here, root, json_folder=folder, stage=stage if root == RECOVERY else None)

        at_once([only] if only else [BOOTSTRAP, *ROOTS], always, plan, room())
    return {root: path for root, path in _files(folder).items() if only in (None, root)}


def _files(folder: Path) -> dict[str, Path]:
    return {root: folder / f"{root}.json" for root in (BOOTSTRAP, *ROOTS)}


def _publish_handoffs(cloud: LocalCloud, environment: Environment) -> None:
    """Put a sample document where each root would publish its own, so that the roots after it can be planned."""
    for path in sorted(SAMPLE_HANDOFFS.glob("*.json")):
        for region in {environment.region_of(path.stem), environment.recovery_region}:
            cloud.client("ssm", region).put_parameter(
                Name=environment.handoff(path.stem),
                Value=path.read_text(encoding="utf-8"),
                Type="String",
                Overwrite=True,
            )


def _digest() -> str:
    whole = hashlib.sha256()
    for folder in SOURCES:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and ".terraform" not in path.parts:
                whole.update(json.dumps([str(path), hashlib.sha256(path.read_bytes()).hexdigest()]).encode())
    return whole.hexdigest()
