"""Rules of the house for Terraform, checked on every root and module there is."""

import re
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
MODULES = sorted(path for path in (REPOSITORY / "modules").iterdir() if path.is_dir())
RECOVERY = "90-recovery"  # The one root that is run without the primary region.
ROOTS = sorted(path for path in (REPOSITORY / "terraform").glob("[0-9]*") if path.is_dir())
# What is deployed: values of environments and of tests are not part of it.
SOURCES = sorted(path for folder in (*ROOTS, *MODULES) for path in folder.glob("*.tf"))

REGION = re.compile(
    r"\b(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov)?-(?:north|south|east|west|central)(?:east|west)?-\d\b"
)
ACCOUNT = re.compile(r"\b\d{12}\b")
EMULATOR = re.compile(
    r"localhost|127\.0\.0\.1|localstack|localcloud|moto|endpoints\s*\{|skip_credentials_validation|s3_use_path_style",
    re.I,
)
# True of a request without the key, so that a Deny with it refuses what it was meant to let pass; with Null = "false"
# beside the plain operator it does what it says. No test on the local cloud would tell: it enforces no policy.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IfExists
NEGATED_IF_EXISTS = re.compile(r"\b\w*Not\w*IfExists\b")
# True of who has no such tag, and of what nobody has classified. What functions declare (`test = "..."`) is compared
# with their code in test_function_permissions.py.
TEXT_IF_EXISTS = re.compile(r"\bString(?:Equals|Like)(?:IgnoreCase)?IfExists\"?\s*=")


def without_comments(path: Path) -> str:
    return re.sub(r"^\s*(#|//).*$", "", path.read_text(encoding="utf-8"), flags=re.M)


def name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a literal region", REGION),
        ("an account id", ACCOUNT),
        ("an emulator setting", EMULATOR),
        ("a negated condition with IfExists", NEGATED_IF_EXISTS),
        ("a condition on a text, such as a tag, with IfExists", TEXT_IF_EXISTS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_source_holds(what: str, pattern: re.Pattern[str]) -> None:
    found = {name(path): match[0] for path in SOURCES if (match := pattern.search(without_comments(path)))}
    assert not found, f"{what} in {found}"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGION, 'region = "ap-south-1"'),
        (REGION, 'bucket = "x-us-gov-west-1"'),
        (ACCOUNT, '"arn:aws:iam::123456789012:root"'),
        (EMULATOR, "endpoints {"),
        (EMULATOR, 'url = "http://localhost:4566"'),
        (NEGATED_IF_EXISTS, 'StringNotEqualsIfExists = { "s3:x-amz-acl" = "private" }'),
        (TEXT_IF_EXISTS, 'StringEqualsIfExists = { "s3:ExistingObjectTag/data_class" = "snapshot" }'),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_module_is_complete(module: Path) -> None:
    for file in ("README.md", "variables.tf", "outputs.tf", "versions.tf"):
        assert (module / file).exists(), f"{name(module)} has no {file}"
    assert list(module.glob("tests/*.tftest.hcl"))


def validated_variables(folder: Path) -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.tf"))
    blocks = re.split(r'^variable\s+"', text, flags=re.M)[1:]
    return {block.split('"')[0] for block in blocks if re.search(r"^  validation \{", block.split("\n}")[0], re.M)}


@pytest.mark.parametrize("folder", [*MODULES, *ROOTS], ids=name)
def test_every_validation_has_a_failing_case(folder: Path) -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in folder.glob("tests/*.tftest.hcl"))
    expected = set(re.findall(r"\bvar\.(\w+)", "\n".join(re.findall(r"expect_failures\s*=\s*\[(.*?)\]", tests, re.S))))
    assert validated_variables(folder) <= expected, f"without expect_failures: {validated_variables(folder) - expected}"


@pytest.mark.parametrize("folder", [*MODULES, *ROOTS], ids=name)
def test_every_variable_is_typed_described_and_never_any(folder: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.tf"))
    for block in re.split(r'^variable\s+"', text, flags=re.M)[1:]:
        variable, body = block.split('"')[0], block.split("\n}")[0]
        assert re.search(r"^\s+description\s+=", body, re.M), f"{variable} has no description"
        assert re.search(r"^\s+type\s+=", body, re.M), f"{variable} has no type"
        assert not re.search(r"^\s+type\s+=.*\bany\b", body, re.M), f"{variable} is of type any"


@pytest.mark.parametrize("root", ROOTS, ids=name)
def test_every_provider_has_a_validated_region_and_the_tags(root: Path) -> None:
    """A region that did not come through modules/naming was not looked up in catalog/residency.yaml."""
    text = "".join(without_comments(path) for path in sorted(root.glob("*.tf")))
    providers = [block.split("\n}")[0] for block in re.split(r'^provider "aws" \{', text, flags=re.M)[1:]]
    regions = ["recovery_region"] if root.name == RECOVERY else ["region", "recovery_region"]
    assert len(providers) == len(regions), f"a provider for each of {' and '.join(regions)} expected"
    for block, region in zip(providers, regions, strict=True):
        assert ('alias  = "recovery"' in block) == (providers.index(block) == 1)
        assert re.search(rf"^  region = module\.naming\.{region}$", block, re.M), f"region is not naming's {region}"
        assert re.search(r"default_tags \{\s+tags = module\.naming\.tags\s+\}", block), "no default_tags of naming"


def test_every_guard_against_deletion_refuses() -> None:
    """Terraform takes no variable there, so nothing but the text can be tested (docs/adr/0006)."""
    guards = {
        name(path): block.split("\n}")[0]
        for path in SOURCES
        for block in re.split(
            r'^resource "terraform_data" "deletion_protection" \{', path.read_text(encoding="utf-8"), flags=re.M
        )[1:]
    }
    assert guards
    open_guards = [path for path, block in guards.items() if not re.search(r"prevent_destroy = true", block)]
    assert not open_guards, f"prevent_destroy is not true in {open_guards}"


def test_every_checkov_skip_says_why() -> None:
    short = [
        f"{name(path)}: {check}"
        for path in SOURCES
        for check, reason in re.findall(r"checkov:skip=([A-Z0-9_]+)(?::(.*))?", path.read_text(encoding="utf-8"))
        if len(reason.strip()) < 20
    ]
    assert not short
    configuration = yaml.safe_load((REPOSITORY / "policy" / "checkov.yaml").read_text())
    assert not {"skip-check", "skip-framework", "soft-fail"} & set(configuration)


def roles_without_boundary(text: str) -> list[str]:
    """Names of the roles in Terraform's text that no boundary holds."""
    roles = re.findall(r'^resource "aws_iam_role" "(\w+)" \{\n(.*?)^\}', text, flags=re.M | re.S)
    return [role for role, body in roles if not re.search(r"^  permissions_boundary\s+= \S", body, re.M)]


def test_every_role_has_the_boundary() -> None:
    """Roles of AWS's own, linked to a service, can have none."""
    found = {name(path): roles for path in SOURCES if (roles := roles_without_boundary(without_comments(path)))}
    assert not found, f"roles without permissions_boundary (docs/adr/0028): {found}"


def test_a_role_without_boundary_is_found() -> None:
    role = 'resource "aws_iam_role" "x" {\n  name = "x"\n%s}\n'
    assert roles_without_boundary(role % "") == ["x"]
    assert roles_without_boundary(role % "  # permissions_boundary = var.y\n") == ["x"]
    assert not roles_without_boundary(role % "  permissions_boundary = var.y\n")


def settings(root: str) -> dict[str, str]:
    """The functions' settings that a root takes: name -> its variable, text and all."""
    text = (REPOSITORY / "terraform" / root / "variables.tf").read_text(encoding="utf-8")
    blocks = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text[text.index('variable "functions_dir"') :], re.M | re.S)
    return dict(blocks)


def test_the_standby_s_functions_are_set_as_the_platform_s() -> None:
    """A setting that only one of the two roots takes would make another platform of the standby."""
    assert settings("40-automation") == settings(RECOVERY)
    for root in ("40-automation", RECOVERY):
        text = (REPOSITORY / "terraform" / root / "automation.tf").read_text(encoding="utf-8")
        passed = dict(re.findall(r"^  (\w+)\s+= var\.(\w+)$", text, re.M))
        assert {name: name for name in settings(root)}.items() <= passed.items(), root
