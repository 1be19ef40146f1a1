"""The manifests of each environment as the API would get them, from the sample handoffs."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.cluster.manifests import overlays
from scripts.cluster.samples import all_manifests


@pytest.fixture(scope="session", params=overlays())
def documents(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return all_manifests(request.param)


@pytest.fixture(scope="session")
def dev_documents() -> list[dict[str, Any]]:
    return all_manifests("dev")
