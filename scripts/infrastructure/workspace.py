"""Where Terraform runs for an environment.

For AWS that is the root's own folder, with the S3 backend of the environment. For the local cloud it is a copy of the
root below the local cloud's working directory, with an override file that points the providers at it: no emulator
setting lives in ``terraform/`` or ``modules/``. The copy is kept per instance of the local cloud, whose state lives in
memory: a new instance starts with no Terraform state, so a killed one leaves nothing to repair.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from scripts.infrastructure.environments import Environment
from scripts.localcloud import CREDENTIALS, local_cloud
from scripts.paths import BUILD, CATALOG, DIST, MODULES, TERRAFORM
from scripts.talk import UserError

HEADER = "# Written by scripts/infrastructure. Not part of the platform.\n"
BACKEND = """\
terraform {{
  backend "local" {{
    path = "{state}"
  }}
}}
"""

PROVIDER = """
provider "aws" {{{alias}
  access_key                  = "{aws_access_key_id}"
  secret_key                  = "{aws_secret_access_key}"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = "true"
}}
"""


@dataclass(frozen=True)
class Workspace:
    """One root made ready: the folder to run in, where Terraform keeps its data, and how to initialise the backend."""

    root: str
    folder: Path
    data: Path
    plan_file: Path
    backend_configuration: Path | None
    environment: dict[str, str]


def prepare(environment: Environment, root: str) -> Workspace:
    """Make ``root`` ready to run for ``environment``. Raises :class:`UserError` if the local cloud does not answer."""
    if not environment.is_local:
        backend = environment.backend_file(root)
        if not backend.exists():
            raise UserError(f"{backend} is missing: it names the bucket that keeps the state")
        build = BUILD / "terraform" / environment.name
        return Workspace(
            root=root,
            folder=TERRAFORM / root,
            data=build / "data" / root,
            plan_file=build / "plans" / f"{root}.tfplan",
            backend_configuration=backend,
            environment={},
        )
    cloud = local_cloud()
    base = cloud.directory / "terraform" / cloud.instance_id()
    state = base / "state" / f"{root}.tfstate"
    folder = copy_root(root, base, BACKEND.format(state=state) + local_providers(root))
    return Workspace(
        root=root,
        folder=folder,
        data=base / "data" / root,
        plan_file=base / "plans" / f"{root}.tfplan",
        backend_configuration=None,
        environment=cloud.environment(),
    )


def copy_root(root: str, base: Path, override: str) -> Path:
    """A copy of a root below ``base`` that sees modules, catalogue and archives as it does, with an override file."""
    folder = base / "terraform" / root
    folder.mkdir(parents=True, exist_ok=True)
    for name, target in (("modules", MODULES), ("catalog", CATALOG), ("dist", DIST)):
        link = base / name
        if not link.is_symlink():
            link.symlink_to(target, target_is_directory=True)
    for stale in folder.glob("*.tf"):
        stale.unlink()
    for source in (TERRAFORM / root).glob("*.tf"):
        shutil.copy2(source, folder)
    (folder / "kosha_override.tf").write_text(HEADER + override, encoding="utf-8")
    return folder


def local_providers(root: str) -> str:
    """What the providers of a root are told on the local cloud."""
    return "".join(PROVIDER.format(alias=alias, **CREDENTIALS) for alias in _provider_aliases(TERRAFORM / root))


def _provider_aliases(root: Path) -> list[str]:
    """The provider blocks the override must extend: the default one, and the recovery one where the root has it."""
    text = "".join(path.read_text(encoding="utf-8") for path in root.glob("*.tf"))
    return ["", '\n  alias                       = "recovery"'] if 'alias  = "recovery"' in text else [""]
