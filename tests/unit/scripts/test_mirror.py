"""The wrapper finds a provider mirror by itself and falls back to the registry."""

import platform
from pathlib import Path

import pytest

from scripts.infrastructure import mirror
from scripts.talk import UserError

MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
PLATFORM = f"{platform.system().lower()}_{MACHINE}"


def make_mirror(folder: Path, version: str, packed: bool = False) -> Path:
    provider = folder / mirror.PROVIDER
    if packed:
        provider.mkdir(parents=True)
        (provider / f"terraform-provider-aws_{version}_{PLATFORM}.zip").touch()
    else:
        (provider / version / PLATFORM).mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(mirror.VARIABLE, raising=False)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/nonexistent/terraformrc")
    monkeypatch.setattr(mirror, "standard_places", list)


@pytest.mark.parametrize("packed", [False, True], ids=["unpacked", "packed"])
def test_finds_a_mirror_in_a_standard_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    folder = make_mirror(tmp_path / "plugins", "5.100.0", packed)
    monkeypatch.setattr(mirror, "standard_places", lambda: [tmp_path / "absent", folder])
    assert mirror.find_mirror() == folder


def test_passes_over_a_mirror_with_a_version_the_roots_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [make_mirror(tmp_path / "old", "5.99.1"), make_mirror(tmp_path / "next", "6.1.0")]
    monkeypatch.setattr(mirror, "standard_places", lambda: places)
    assert mirror.find_mirror() is None


def test_refuses_a_named_folder_without_the_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(mirror.VARIABLE, str(tmp_path))
    with pytest.raises(UserError, match=rf"{mirror.VARIABLE}=.*holds no .*unset it to use the registry"):
        mirror.find_mirror()


def test_prefers_the_named_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, named = make_mirror(tmp_path / "other", "5.100.0"), make_mirror(tmp_path / "named", "5.101.0")
    monkeypatch.setattr(mirror, "standard_places", lambda: [other])
    monkeypatch.setenv(mirror.VARIABLE, str(named))
    assert mirror.find_mirror() == named


def test_configuration_asks_the_registry_only_for_what_the_mirror_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_mirror(tmp_path / "plugins", "5.100.0")
    monkeypatch.setattr(mirror, "standard_places", lambda: [folder])
    text = mirror.write_cli_configuration(tmp_path / "rc").read_text()
    assert f'path    = "{folder}"' in text
    assert f'exclude = ["{mirror.PROVIDER}"]' in text.split("direct {")[1]


def test_configuration_without_a_mirror_leaves_everything_to_the_registry(tmp_path: Path) -> None:
    assert "provider_installation" not in mirror.write_cli_configuration(tmp_path / "rc").read_text()


def test_a_configuration_of_ones_own_that_names_a_source_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "terraformrc"
    own.write_text('provider_installation {\n  network_mirror {\n    url = "https://mirror.example/"\n  }\n}\n')
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(own))
    assert mirror.cli_configuration(tmp_path / "rc") == own
    monkeypatch.setenv(mirror.VARIABLE, str(make_mirror(tmp_path / "named", "5.100.0")))
    assert mirror.cli_configuration(tmp_path / "rc") == tmp_path / "rc"


@pytest.mark.parametrize("text", [None, 'plugin_cache_dir = "/var/cache/terraform"\n'], ids=["absent", "says nothing"])
def test_a_configuration_that_names_no_source_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    own = tmp_path / "terraformrc"
    if text is not None:
        own.write_text(text)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(own))
    assert mirror.cli_configuration(tmp_path / "rc") == tmp_path / "rc"
