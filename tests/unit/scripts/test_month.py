"""The replay of a month: each rule of its nodes on a case one can work out by hand, and the month as a whole."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
import simpy

from pipelines.kubernetes.jobs import processors_for_pods
from scripts.sizing import cluster as nodes
from scripts.sizing.cluster import HOUR, NODE_ENDS, NODE_STARTS, POD_STARTS, Cluster, Pool, Request, read_pool
from scripts.sizing.measure import Step
from scripts.sizing.month import DAYS, Genome, Task, genomes, replay, smallest_always, tasks

POOL = Pool((2, 4, 8), 60.0, 100.0)
STEPS = [
    Task("check", 1, 1000, 6000.0, ()),
    Task("align", 8, 10_000, 12_000.0, ("check",)),
]


@pytest.fixture(autouse=True)
def no_spot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "TAKEN_AWAY", 1e-12)


def worked(
    pods: list[tuple[float, Request]], pool: Pool = POOL, always: tuple[int, ...] = ()
) -> tuple[Cluster, list[float]]:
    """Each pod comes at its time; the cluster when all is over, and when each was done."""
    env = simpy.Environment()
    made = Cluster(env, pool, always)
    done: list[float] = []

    def come(at: float, pod: Request) -> Generator[simpy.Event, Any]:
        yield env.timeout(at)
        yield from made.run(pod)
        done.append(env.now)

    for at, pod in pods:
        env.process(come(at, pod))
    env.run(until=100 * HOUR)
    return made, done


def test_a_node_is_paid_from_its_launch_until_it_was_empty_for_a_while() -> None:
    made, done = worked([(0, Request(1.0, 500, 600))])
    assert done == [nodes.BATCH + NODE_STARTS + POD_STARTS + 600]
    assert made.node_hours() == pytest.approx(2 * (NODE_STARTS + POD_STARTS + 600 + 60 + NODE_ENDS) / HOUR)
    assert made.pod_hours == pytest.approx((POD_STARTS + 600) / HOUR)


def test_an_empty_node_is_used_again_and_then_stays() -> None:
    first = nodes.BATCH + NODE_STARTS + POD_STARTS + 600
    made, done = worked([(0, Request(1.0, 500, 600)), (first + 50, Request(1.0, 500, 600))])
    assert len(made.nodes) == 1
    assert done[1] == first + 50 + POD_STARTS + 600
    late, _ = worked([(0, Request(1.0, 500, 600)), (first + 61, Request(1.0, 500, 600))])
    assert len(late.nodes) == 2


def test_pods_that_wait_together_share_the_smallest_node_that_holds_them() -> None:
    made, _ = worked([(0, Request(1.0, 500, 600))] * 3)
    assert [node.size for node in made.nodes] == [4]
    apart, _ = worked([(0, Request(1.0, 500, 600, size=2))] * 3)
    assert [node.size for node in apart.nodes] == [2, 2, 2]
    hungry, _ = worked([(0, Request(1.0, 20_000, 600))])
    assert [node.size for node in hungry.nodes] == [4]


def test_the_limit_of_the_pool_makes_pods_wait_for_each_other() -> None:
    made, done = worked([(0, Request(7.3, 500, 600))] * 2, Pool((8,), 60.0, 8.0))
    assert made.most() == 8
    assert done[1] - done[0] == pytest.approx(POD_STARTS + 600)


def test_what_no_node_holds_is_an_error() -> None:
    with pytest.raises(ValueError, match="no node of the pool holds"):
        worked([(0, Request(9.0, 500, 600))])


def test_a_step_whose_node_is_taken_away_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "TAKEN_AWAY", 3.0)
    made, done = worked([(0, Request(1.0, 500, 1800))])
    assert len(done) == 1
    assert made.begun_again > 0
    assert len(made.nodes) == made.begun_again + 1
    assert made.pod_hours == pytest.approx((POD_STARTS + 1800) / HOUR)


def test_nodes_that_are_always_on_do_not_come_and_go() -> None:
    made, _ = worked([(0, Request(1.0, 500, 600))] * 9, always=(8,))
    assert len(made.nodes) == 1
    assert made.node_hours() == pytest.approx(8 * 100)


def test_one_genome_takes_what_its_steps_take_one_after_the_other() -> None:
    check, align = STEPS
    assert align.seconds == pytest.approx(12_000 * (0.95 / 7.3 + 0.05))
    month = replay([Genome(0.0, 60.0)], STEPS, POOL, POOL)
    waits = 2 * (10 + nodes.BATCH + NODE_STARTS + POD_STARTS)
    assert list(month.took) == pytest.approx([2 * (check.seconds + align.seconds) + waits])
    assert month.lower_bound == pytest.approx(month.cluster.pod_hours / (processors_for_pods(8) / 8))
    assert month.ratio > 1
    assert month.driver_hours == 0


def test_measured_steps_are_scaled_to_a_human_genome_and_threads_of_the_cluster() -> None:
    threads = {"check": 1, "align-bwa": 2, "samtools_metrics-bwa": 2, "call_variants-bwa": 2, "publish": 1}
    measured = [Step("fast", name, 30, 100.0, number, 10.0, 20.0, 100, 500) for name, number in threads.items()]
    found = {task.name: task for task in tasks(measured, "fast", {"align": 8})}
    scale = 3_100_000_000 / 4_938_920
    assert found["check"].work == pytest.approx(10 * scale)
    assert found["align"].threads == 8
    assert found["align"].work == pytest.approx(20 * scale)
    assert found["align"].memory_mib == 1.25 * (1500 + 6200 + 512) + 512
    assert found["summarise"].work == 20
    with pytest.raises(KeyError, match="align"):
        tasks(measured[:1], "fast", {})
    with pytest.raises(KeyError, match="does not know the place: polish"):
        tasks([*measured, Step("fast", "polish", 30, 1.0, 1, 1.0, 1.0, 1, 1)], "fast", {})


def test_drivers_beyond_the_room_of_the_system_nodes_get_nodes() -> None:
    assert replay([Genome(0.0, 30.0)] * 4, STEPS, POOL, POOL).driver_hours == 0
    assert replay([Genome(0.0, 30.0)] * 5, STEPS, POOL, POOL).driver_hours > 0


def test_the_fewest_nodes_always_on_have_every_genome_ready_in_a_day() -> None:
    coming = [Genome(0.0, 150.0)] * 6
    processors, month = smallest_always(coming, STEPS, POOL, POOL)
    assert month.took[-1] <= 24 * HOUR
    with_less = replay(coming, STEPS, POOL, POOL, always=[8] * (processors // 8 - 1))
    assert with_less.took[-1] > 24 * HOUR


def test_genomes_come_one_to_ten_a_day() -> None:
    coming = genomes(1)
    a_day = [sum(int(genome.arrives // (24 * HOUR)) == day for genome in coming) for day in range(DAYS)]
    assert min(a_day) >= 1
    assert max(a_day) <= 10
    assert sum(a_day) == len(coming)


def test_a_pool_is_read_from_its_manifest() -> None:
    spec = {
        "template": {"spec": {"requirements": [{"key": "karpenter.k8s.aws/instance-cpu", "values": ["8", "2"]}]}},
        "disruption": {"consolidateAfter": "5m"},
        "limits": {"cpu": 32},
    }
    pool = {"kind": "NodePool", "metadata": {"name": "p"}, "spec": spec}
    assert read_pool([{"kind": "Service"}, pool], "p") == Pool((2, 8), 300.0, 32.0)
