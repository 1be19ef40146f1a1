"""Which root reads what another publishes, and roots at once as far as that allows."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from pathlib import Path
from types import MappingProxyType

from scripts.infrastructure.environments import ROOTS
from scripts.paths import TERRAFORM

AT_ONCE = 5
# Terraform and the AWS provider take 1.1 GB for each root; the local cloud and others need some, too.
BYTES_OF_A_ROOT, BYTES_OF_OTHERS = 1.5e9, 3e9
LOOK_AGAIN_SECONDS = 2.0


def without_comments(path: Path) -> str:
    """The text of a Terraform file."""
    return re.sub(r"^\s*#.*$", "", path.read_text(encoding="utf-8"), flags=re.M)


@cache
def handoffs_read() -> Mapping[str, tuple[str, ...]]:
    """Root -> the roots whose handoff it reads."""
    found = {}
    for root in ROOTS:
        text = "".join(without_comments(path) for path in sorted((TERRAFORM / root).glob("*.tf")))
        asked = re.findall(r"handoff_paths\[(.*?)\]", text)
        listed = re.findall(r"for_each = toset\(\[(.*?)\]\)", text) if "each.key" in asked else []
        named = {name for part in (*asked, *listed) for name in re.findall(r'"(\d\d-[a-z]+)"', part)}
        found[root] = tuple(name for name in ROOTS if name in named)
    return MappingProxyType(found)


def room() -> int:
    """How many roots may be under way on this machine: each takes memory, and most of its time it waits."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(AT_ONCE, max(1, int((memory - BYTES_OF_OTHERS) // BYTES_OF_A_ROOT)))


def always(_root: str, _done: set[str]) -> bool:
    """For :func:`at_once`: none waits for another."""
    return True


def at_once(
    roots: Iterable[str], may_start: Callable[[str, set[str]], bool], work: Callable[[str], object], most: int
) -> None:
    """Call ``work`` with each root, with up to ``most`` at a time.

    The first root that waits for which ``may_start`` (called with the roots that are done) is true goes next; while
    none may, it is asked again every two seconds. Once one has failed no other is started, and its error is raised when
    those under way have ended.

    Raises:
        RuntimeError: nothing is under way, and none of those that wait may start.
    """
    waiting, done, failed = list(roots), set[str](), list[BaseException]()
    under_way: dict[Future[object], str] = {}
    with ThreadPoolExecutor(most) as lanes:
        while under_way or (waiting and not failed):
            while waiting and not failed and len(under_way) < most:
                root = next((each for each in waiting if may_start(each, done)), None)
                if root is None:
                    break
                waiting.remove(root)
                under_way[lanes.submit(work, root)] = root
            if not under_way:
                raise RuntimeError(f"{', '.join(waiting)}: each waits for a root that is not to come")
            ended, _ = wait(under_way, LOOK_AGAIN_SECONDS if waiting else None, FIRST_COMPLETED)
            for each in ended:
                root, error = under_way.pop(each), each.exception()
                if error is None:
                    done.add(root)
                else:
                    failed.append(error)
    if failed:
        raise failed[0]
