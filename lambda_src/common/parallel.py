"""Work on many items at once with bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice


def in_parallel[T, R](work: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """``work`` on each item with ``workers`` threads; the results come in the order of the items.

    At most four times ``workers`` items are taken ahead of the reader, so a stream of any length is held in bounded
    memory. Where the reader stops early, items not begun are dropped.
    """
    pool = ThreadPoolExecutor(max_workers=workers)
    stream = iter(items)
    try:
        waiting: deque[Future[R]] = deque(pool.submit(work, item) for item in islice(stream, 4 * workers))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(work, item) for item in islice(stream, 1))
    finally:
        pool.shutdown(cancel_futures=True)
