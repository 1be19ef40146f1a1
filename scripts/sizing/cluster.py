"""Nodes that come and go with the pods on them, in simulated time, as Karpenter's pages have it.

Pods that find no place are put together on new nodes, each of the smallest size that holds what is on it
(https://karpenter.sh/docs/concepts/scheduling/). No node is taken from a pod (``karpenter.sh/do-not-disrupt``), so only
empty ones end (https://karpenter.sh/docs/concepts/disruption/). Time is in seconds, memory in MiB.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import simpy

from pipelines.kubernetes.jobs import SIZE_LABEL, memory_for_pods, processors_for_pods

HOUR = 3600.0
NODE_STARTS = 75.0
"""From the launch of an instance to the first pod at work on it: a node of Karpenter joins within a minute
(https://karpenter.sh/docs/faq/), and pulls the image."""
NODE_ENDS = 30.0
"""From the decision to end a node to the end of its instance."""
POD_STARTS = 10.0
"""Of a pod, before its step works."""
BATCH = 5.0
"""For which pods that came together are planned together (helm-values/karpenter.yaml)."""
TAKEN_AWAY = 0.005
"""Of a node, in an hour, by Spot: 3.6 times a month, where its advisor has 0.05 to 0.2 for most types
(https://aws.amazon.com/ec2/spot/instance-advisor/)."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Pool:
    """A NodePool: the sizes of its nodes in processors, seconds until an empty one ends, processors at most."""

    sizes: tuple[int, ...]
    empty_seconds: float
    limit: float

    @property
    def best_share(self) -> float:
        """Of a node, for pods, at the size where it is greatest."""
        return max(processors_for_pods(size) / size for size in self.sizes)


def read_pool(manifests: Iterable[Mapping[str, Any]], name: str) -> Pool:
    """The NodePool of that name; raises KeyError when there is none."""
    spec = {each["metadata"]["name"]: each["spec"] for each in manifests if each["kind"] == "NodePool"}[name]
    requirements = {each["key"]: each["values"] for each in spec["template"]["spec"]["requirements"]}
    waits = spec["disruption"]["consolidateAfter"]
    return Pool(
        sizes=tuple(sorted(map(int, requirements[SIZE_LABEL]))),
        empty_seconds=float(waits[:-1]) * {"s": 1, "m": 60, "h": 3600}[waits[-1]],
        limit=float(spec["limits"]["cpu"]),
    )


@dataclass(frozen=True)
class Request:
    """What a pod asks for, and the seconds it works. ``size``: only on nodes of so many processors."""

    processors: float
    memory_mib: float
    seconds: float
    size: int | None = None


@dataclass(eq=False)
class Node:
    """An instance from its launch to its end; ``turns`` counts the pods it was given."""

    size: int
    launched: float
    ready: float
    ended: float | None = None
    pods: list[Request] = field(default_factory=list)
    turns: int = 0

    def holds(self, pod: Request) -> bool:
        return (
            self.ended is None
            and pod.size in (None, self.size)
            and sum(each.processors for each in (*self.pods, pod)) <= processors_for_pods(self.size) + _ROUNDING
            and sum(each.memory_mib for each in (*self.pods, pod)) <= memory_for_pods(self.size)
        )


class Cluster:
    """The nodes of one pool. ``always``: these nodes, always, and no others."""

    def __init__(self, env: simpy.Environment, pool: Pool, always: Sequence[int] = ()) -> None:
        self.env = env
        self.pool = pool
        self.nodes = [Node(size, 0.0, 0.0) for size in always]
        """All there have been, in the order of their launch."""
        self._running = list(self.nodes)
        self.pod_hours = 0.0
        """Processor-hours that pods requested while they worked, without what Spot made them begin again."""
        self.requested: list[tuple[float, float]] = []
        """(time, change of the processors that working pods request)"""
        self.begun_again = 0
        self._chance = random.Random(1)  # noqa: S311 -- a replay, no secret
        self._always = bool(always)
        self._pending: dict[simpy.Event, Request] = {}
        self._wake = env.event()
        env.process(self._plan())

    def run(self, pod: Request) -> Generator[simpy.Event, Any]:
        """Until the pod has done its work, on as many nodes as are taken from under it."""
        done = False
        while not done:
            placed = self.env.event()
            self._pending[placed] = pod
            self._schedule()
            node: Node = yield placed
            yield self.env.timeout(max(0.0, node.ready - self.env.now))
            began = self.env.now
            self.requested.append((began, pod.processors))
            taken = self._taken_after()
            done = taken > pod.seconds
            yield self.env.timeout(POD_STARTS + min(pod.seconds, taken))
            self.requested.append((self.env.now, -pod.processors))
            node.pods.remove(pod)
            if done:
                self.pod_hours += pod.processors * (self.env.now - began) / HOUR
                self.env.process(self._end_if_empty(node))
            else:
                self.begun_again += 1
                node.ended = self.env.now
            self._schedule()

    def node_hours(self) -> float:
        """Processor-hours of all nodes until now."""
        return sum(node.size * ((node.ended or self.env.now) - node.launched) for node in self.nodes) / HOUR

    def processors(self) -> list[tuple[float, float]]:
        """(time, change of the processors that nodes have), in order."""
        ends = [(node.ended, -float(node.size)) for node in self.nodes if node.ended is not None]
        return sorted([(node.launched, float(node.size)) for node in self.nodes] + ends)

    def most(self) -> float:
        """Processors that nodes had at one time."""
        return max(accumulate(change for _, change in self.processors()), default=0.0)

    def _taken_after(self) -> float:
        return float("inf") if self._always else self._chance.expovariate(TAKEN_AWAY / HOUR)

    def _schedule(self) -> None:
        """What the scheduler does at once: pods on nodes that are there, on the emptiest."""
        self._running = [node for node in self._running if node.ended is None]
        for placed, pod in list(self._pending.items()):
            if fitting := [node for node in self._running if node.holds(pod)]:
                share = {id(node): sum(each.processors for each in node.pods) / node.size for node in fitting}
                self._put(placed, min(fitting, key=lambda node: share[id(node)]))
        if self._pending and not self._wake.triggered:
            self._wake.succeed()

    def _put(self, placed: simpy.Event, node: Node) -> None:
        node.pods.append(self._pending.pop(placed))
        node.turns += 1
        placed.succeed(node)

    def _plan(self) -> Generator[simpy.Event, Any]:
        """What Karpenter does after a while: nodes for what is pending still."""
        while True:
            yield self._wake
            yield self.env.timeout(BATCH)
            self._wake = self.env.event()
            if self._always:
                continue
            for size, pods in self._new_nodes():
                node = Node(size, self.env.now, self.env.now + NODE_STARTS)
                self.nodes.append(node)
                self._running.append(node)
                for placed in pods:
                    self._put(placed, node)

    def _new_nodes(self) -> Iterator[tuple[int, list[simpy.Event]]]:
        """Size and pods of each new node, as far as the pool's limit goes; the largest pods first."""
        groups: list[list[simpy.Event]] = []
        for placed in sorted(self._pending, key=lambda placed: -self._pending[placed].processors):
            together = (group for group in groups if self._smallest([*group, placed]))
            if group := next(together, None):
                group.append(placed)
            else:
                groups.append([placed])
        left = self.pool.limit - sum(node.size for node in self._running if node.ended is None)
        for group in groups:
            size = self._smallest(group)
            if size is None:
                raise ValueError(f"no node of the pool holds {self._pending[group[0]]}")
            if size <= left:
                left -= size
                yield size, group

    def _smallest(self, pods: Iterable[simpy.Event]) -> int | None:
        """The smallest size that holds these pods together."""
        for size in self.pool.sizes:
            node = Node(size, 0.0, 0.0)
            for placed in pods:
                if not node.holds(self._pending[placed]):
                    break
                node.pods.append(self._pending[placed])
            else:
                return size
        return None

    def _end_if_empty(self, node: Node) -> Generator[simpy.Event, Any]:
        turns = node.turns
        yield self.env.timeout(self.pool.empty_seconds)
        if not (self._always or node.pods or node.turns != turns or node.ended):
            node.ended = self.env.now + NODE_ENDS
            yield self.env.timeout(NODE_ENDS)
            self._schedule()
