"""Find a provider mirror on this machine, and write the Terraform CLI configuration that uses it.

A mirror is a folder that holds ``registry.terraform.io/hashicorp/aws/...`` in one of the two layouts Terraform knows
(https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror). Without one, providers come from
the registry. A mirror is used only if it holds a version the configurations accept; for what it holds the registry is
not asked, since Terraform would ask both and fail where the registry cannot be reached. Whoever has said in a CLI
configuration of their own where providers come from (a network mirror, say) is taken at their word.
"""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from tempfile import NamedTemporaryFile

from scripts.talk import UserError

PROVIDER = "registry.terraform.io/hashicorp/aws"
ACCEPTED_VERSION = re.compile(r"^5\.(\d+)\.\d+$")
MINIMUM_MINOR = 100
VARIABLE = "KOSHA_TERRAFORM_MIRROR"
INSTALLATION = re.compile(r"^\s*provider_installation\b", re.M)


def standard_places() -> list[Path]:
    """The folders searched when the environment variable is not set, in order."""
    home = Path.home()
    opt = sorted(path for path in Path("/opt").glob("*") if path.is_dir()) if Path("/opt").is_dir() else []
    return [
        home / ".terraform.d" / "plugins",
        home / ".local" / "share" / "terraform" / "plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
        *opt,
    ]


def accepted_versions(mirror: Path) -> list[str]:
    """Versions of the AWS provider in ``mirror`` that the configurations accept and this machine can run."""
    system = platform.system().lower()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    folder = mirror / PROVIDER
    unpacked = [path.parent.name for path in folder.glob(f"*/{system}_{machine}")]
    packed = [path.stem.split("_")[1] for path in folder.glob(f"terraform-provider-aws_*_{system}_{machine}.zip")]
    return sorted(v for v in unpacked + packed if (m := ACCEPTED_VERSION.match(v)) and int(m[1]) >= MINIMUM_MINOR)


def find_mirror() -> Path | None:
    """The mirror to use, or None for the registry.

    Raises :class:`UserError` if the environment variable names a folder without an accepted provider.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if not accepted_versions(Path(named)):
            raise UserError(
                f"{VARIABLE}={named} holds no {PROVIDER} 5.{MINIMUM_MINOR} or newer 5.x for this machine; "
                "name the folder that contains registry.terraform.io/, or unset it to use the registry"
            )
        return Path(named)
    return next((place for place in standard_places() if accepted_versions(place)), None)


def own_cli_configuration() -> Path | None:
    """The person's own CLI configuration, if it says where providers come from. One that does not exist says nothing:
    Terraform itself only warns of it (https://developer.hashicorp.com/terraform/cli/config/config-file#locations)."""
    path = Path(os.environ.get("TF_CLI_CONFIG_FILE") or Path.home() / ".terraformrc")
    if path.is_file() and INSTALLATION.search(path.read_text(encoding="utf-8", errors="replace")):
        return path
    return None


def cli_configuration(path: Path) -> Path:
    """The CLI configuration to run Terraform with: the person's own, or one written to ``path``."""
    own = None if os.environ.get(VARIABLE) else own_cli_configuration()
    return own or write_cli_configuration(path)


def write_cli_configuration(path: Path) -> Path:
    """Write the CLI configuration file to ``path`` and return it."""
    mirror = find_mirror()
    lines = ["disable_checkpoint = true"]
    if mirror:
        lines += [
            "provider_installation {",
            "  filesystem_mirror {",
            f'    path    = "{mirror}"',
            f'    include = ["{PROVIDER}"]',
            "  }",
            "  direct {",
            f'    exclude = ["{PROVIDER}"]',
            "  }",
            "}",
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another process may be reading it: put the new file in place whole.
    with NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return Path(file.name).replace(path)
