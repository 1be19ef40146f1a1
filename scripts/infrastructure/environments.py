"""The environments and the roots, in apply order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import hcl2

from scripts.paths import TERRAFORM
from scripts.talk import UserError

BOOTSTRAP = "00-bootstrap"
"""Once for an account, before all others: the bucket of their states (``make bootstrap``)."""
RECOVERY = "90-recovery"
"""The standby: its state, its handoff and the handoffs it reads lie in the recovery region alone."""
ROOTS = (
    "10-foundation",
    "20-storage",
    "30-cluster",
    "40-automation",
    "50-audit",
    "60-protection",
    "70-observability",
    RECOVERY,
)
STAGES = ("cold", "pilot_light", "active")
"""How much of the standby is there (``recovery_stage`` of its root)."""
VALUES = TERRAFORM / "environments"


@dataclass(frozen=True)
class Environment:
    """One environment: its name and the values every root is given.

    ``variables`` is the parsed content of ``terraform/environments/<name>.tfvars``.
    """

    name: str
    variables_file: Path
    variables: dict[str, object]

    @property
    def is_local(self) -> bool:
        return self.name == "local"

    @property
    def is_protected(self) -> bool:
        """Production: only a plan that was saved, and so could be read, may be applied."""
        return self.name == "prod"

    @property
    def prefix(self) -> str:
        return f"{self.text('organisation')}-{self.text('environment')}"

    @property
    def region(self) -> str:
        return self.text("region")

    @property
    def recovery_region(self) -> str:
        return self.text("recovery_region")

    def region_of(self, root: str) -> str:
        """The region a root is run from: where its state lies, and where it reads what others publish."""
        return self.recovery_region if root == RECOVERY else self.region

    def backend_file(self, root: str) -> Path:
        """What names the bucket that keeps the state of ``root``."""
        return VALUES / f"{self.name}{'.recovery' if root == RECOVERY else ''}.s3.tfbackend"

    def handoff(self, root: str) -> str:
        """The name of the SSM parameter in which ``root`` publishes what later roots need."""
        return f"/{self.text('organisation')}/{self.text('environment')}/{root}"

    def text(self, variable: str) -> str:
        value = self.variables.get(variable)
        if not isinstance(value, str):
            raise UserError(f"{self.variables_file}: '{variable}' is missing or not a string; add {variable} = \"...\"")
        return value


def load_environment(name: str) -> Environment:
    """Read an environment's values. Raises :class:`UserError` for an unknown name or a file that does not parse."""
    path = VALUES / f"{name}.tfvars"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in VALUES.glob("*.tfvars")))
        raise UserError(f"there is no environment '{name}' (no {path}); choose one of: {known}")
    try:
        with path.open(encoding="utf-8") as file:
            variables = hcl2.load(file)
    except Exception as error:  # the parser raises its own and its grammar library's errors
        raise UserError(f"{path} is not valid HCL: {error}") from error
    return Environment(name, path, {key: _plain(value) for key, value in variables.items()})


def _plain(value: object) -> object:
    """Some versions of the HCL parser keep the quotes of a string: take them off."""
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


def select_roots(root: str | None) -> tuple[str, ...]:
    """All roots in apply order, or the one named by its full name, its number or its word (``20``, ``storage``).

    The bootstrap is none of all: it is selected by naming it.
    """
    if not root:
        return ROOTS
    known = (BOOTSTRAP, *ROOTS)
    matches = [name for name in known if root in (name, *name.split("-", 1))]
    if not matches:
        raise UserError(f"there is no root '{root}'; choose one of: {', '.join(known)}")
    return tuple(matches)
