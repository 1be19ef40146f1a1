"""Roots go at once as far as what they read allows, and nothing new begins after a failure."""

import os
from threading import Event, Lock

import pytest

from scripts.infrastructure import commands, order
from scripts.infrastructure.environments import ROOTS, load_environment
from scripts.infrastructure.order import always, at_once, handoffs_read
from scripts.infrastructure.terraform import PlanSummary
from tests.patience import PATIENCE


def test_up_to_the_limit_are_under_way_together_and_no_more() -> None:
    lock, both, seen = Lock(), Event(), []
    under_way: set[str] = set()

    def work(root: str) -> None:
        with lock:
            under_way.add(root)
            seen.append(len(under_way))
            if len(under_way) == 2:
                both.set()
        assert both.wait(PATIENCE)
        with lock:
            under_way.remove(root)

    at_once("abcd", always, work, most=2)
    assert len(seen) == 4
    assert max(seen) == 2


@pytest.mark.parametrize(("gigabytes", "roots"), [(1, 1), (8, 3), (12, 5), (256, 5)])
def test_as_many_as_the_machine_has_memory_for(monkeypatch: pytest.MonkeyPatch, gigabytes: int, roots: int) -> None:
    sizes = {"SC_PHYS_PAGES": gigabytes * 10**9 // 4096, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__)
    assert order.room() == roots


def test_a_root_waits_until_what_it_reads_is_done() -> None:
    ended: list[str] = []

    def may_start(root: str, done: set[str]) -> bool:
        return set(handoffs_read()[root]) <= done

    at_once(reversed(ROOTS), may_start, ended.append, most=3)
    assert set(ended) == set(ROOTS)
    assert all(ended.index(read) < ended.index(root) for root in ROOTS for read in handoffs_read()[root])


def test_a_root_may_start_while_the_one_before_it_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "LOOK_AGAIN_SECONDS", 0.01)
    published, read = Event(), Event()

    def work(root: str) -> None:
        if root == "first":
            published.set()
            assert read.wait(PATIENCE)
        else:
            read.set()

    at_once(["first", "second"], lambda root, done: root == "first" or published.is_set(), work, most=2)


def test_after_a_failure_what_is_under_way_ends_and_nothing_else_starts() -> None:
    started, failed = [], Event()

    def work(root: str) -> None:
        started.append(root)
        if root == "bad":
            failed.set()
            raise ValueError(root)
        assert failed.wait(PATIENCE)

    with pytest.raises(ValueError, match="bad"):
        at_once(["good", "bad", "never"], lambda root, done: root != "never" or bool(done), work, most=2)
    assert started == ["good", "bad"]


def test_what_can_never_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="b, c: each waits"):
        at_once("abc", lambda root, done: root == "a", lambda root: None, most=2)


class Applies:
    """An apply of the local cloud in which each root publishes, and records what is published when it begins."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, published: set[str]) -> None:
        self.began: dict[str, set[str]] = {}
        self.published = published
        self._lock = Lock()
        monkeypatch.setattr(order, "LOOK_AGAIN_SECONDS", 0.01)
        monkeypatch.setattr(commands, "published_roots", lambda *_: set(self.published))
        monkeypatch.setattr(commands, "_apply_root", lambda environment, root, stage: self.work(root))
        self.ended: set[str] = set()

    def work(self, root: str) -> None:
        with self._lock:
            self.began[root] = set(self.ended)
            self.published.add(root)
        if root == "20-storage":
            assert self.automation.wait(PATIENCE)
        if root == "40-automation":
            self.automation.set()
        with self._lock:
            self.ended.add(root)

    automation = Event()


def test_the_first_apply_goes_on_as_soon_as_a_handoff_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Applies, "automation", Event())
    applies = Applies(monkeypatch, set())
    assert commands.apply(load_environment("local"), None) == 0
    assert set(applies.began) == set(ROOTS)
    assert "20-storage" not in applies.began["40-automation"]


def test_a_later_apply_waits_for_what_a_root_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = Event()
    ended.set()
    monkeypatch.setattr(Applies, "automation", ended)
    applies = Applies(monkeypatch, set(ROOTS))
    assert commands.apply(load_environment("local"), None) == 0
    for root in ROOTS:
        assert set(handoffs_read()[root]) <= applies.began[root]


@pytest.mark.parametrize(("environment", "together"), [("local", 2), ("dev", 1)])
def test_plans_are_made_together_on_the_local_cloud_alone_and_shown_in_order(
    monkeypatch: pytest.MonkeyPatch, environment: str, together: int
) -> None:
    lock, last_of_all = Lock(), Event()
    under_way: set[str] = set()
    most: list[int] = []
    shown: list[str] = []

    class Root:
        def __init__(self, name: str) -> None:
            self.name = name

        def plan(self, **_: object) -> PlanSummary:
            with lock:
                under_way.add(self.name)
                most.append(len(under_way))
            if together == 1:
                last_of_all.wait(0.05)  # long enough for another to begin, if it may
            elif self.name == ROOTS[0]:
                assert last_of_all.wait(PATIENCE)  # the first is ready after all the others
            with lock:
                under_way.remove(self.name)
            if len(most) == len(ROOTS):
                last_of_all.set()
            return PlanSummary(self.name)

    monkeypatch.setattr(commands, "room", lambda: 2)
    monkeypatch.setattr(commands, "open_root", lambda _, name: Root(name))
    monkeypatch.setattr(commands, "require_handoffs", lambda *_: None)
    monkeypatch.setattr(commands, "_missing_handoff", lambda *_: False)
    monkeypatch.setattr(commands, "show_summary", lambda _, found, __: shown.extend(each.root for each in found))
    assert commands.plan(load_environment(environment), None) == 0
    assert max(most) == together
    assert shown == list(ROOTS)
