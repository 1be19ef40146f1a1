"""The nodes of the manifests and what steps ask for fit each other, and a month on them keeps what is promised."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pipelines.kubernetes.jobs import NODE_SIZES, node_size, processors_for_pods, processors_requested
from scripts.cluster.manifests import KUBERNETES
from scripts.cluster.samples import all_manifests
from scripts.sizing.__main__ import PAGE, PICTURE, PROMISED
from scripts.sizing.cluster import read_pool
from scripts.sizing.compare import Compared, compare
from scripts.sizing.measure import read_measured
from scripts.sizing.month import DRIVER, read_set_threads
from scripts.sizing.picture import draw, table
from scripts.sizing.table import put_into


@pytest.fixture(scope="module")
def compared() -> list[Compared]:
    manifests = all_manifests("prod")
    return [compare(read_measured(), toolchain, manifests) for toolchain in ("fast", "classic")]


def test_the_pool_of_steps_has_every_size_that_steps_ask_for(documents: list[dict[str, Any]]) -> None:
    assert read_pool(documents, "restartable").sizes == NODE_SIZES


def test_a_step_of_as_many_threads_as_a_node_has_processors_fits_it_alone() -> None:
    for size in NODE_SIZES:
        room = processors_for_pods(size)
        assert room / 2 < processors_requested(size) <= room
        assert node_size(size, 1000) == size


def test_set_threads_name_rules_and_fit_a_node() -> None:
    rules = "".join(
        path.read_text() for path in (KUBERNETES.parent / "pipelines/sequencing/workflow/rules").glob("*.smk")
    )
    for rule, threads in read_set_threads().items():
        assert f"rule {rule}:" in rules
        assert threads <= max(NODE_SIZES)


def test_the_replay_has_drivers_as_they_are() -> None:
    job = yaml.safe_load((KUBERNETES / "jobs" / "driver.yaml").read_text())
    requests = job["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]
    assert requests["cpu"] == f"{DRIVER.processors * 1000:.0f}m"
    assert requests["memory"] == f"{DRIVER.memory_mib / 1024:.0f}Gi"


def test_a_month_takes_no_more_nodes_than_promised(compared: list[Compared]) -> None:
    fast, classic = compared
    assert 1 < fast.month.ratio <= PROMISED
    assert fast.worst <= PROMISED
    assert fast.month.cluster.node_hours() < 0.2 * fast.most_always
    assert classic.month.ratio < 0.75 * classic.shared.ratio


def test_page_and_picture_are_what_the_replay_says(compared: list[Compared]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert put_into(page, "month", table(compared)) == page, "write it anew: make month"
    assert draw(compared[0]) == PICTURE.read_text(encoding="utf-8"), "draw it anew: make month"
