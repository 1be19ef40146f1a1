"""The workflow over three nodes that share NFSv4.1 storage, mounted with the options of EFS's mount helper.

Each node has a kernel, and so a cache, of its own. Nodes and the server are killed while they write.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen, run

import pytest
import yaml

from pipelines.sequencing.engine import PROFILES
from tests.functional.kubernetes.fake_cluster import Cluster, Job, cluster
from tests.functional.kubernetes.samples import command, new_storage, profile_in, results, settings_of
from tests.functional.shared_storage.machines import SERVER, KernelRefuses, Node, Server, make_network

SEEN_WITHIN = yaml.safe_load((PROFILES / "eks" / "config.yaml").read_text(encoding="utf-8"))["latency-wait"]
"""Seconds after which a file that another node made must be seen: what the workflow counts on."""


@dataclass
class Machines:
    """The first of the nodes is the driver's, the others take pods in turn."""

    folder: Path
    server: Server
    nodes: list[Node]
    pods: list[Popen[bytes]] = field(default_factory=list)

    @property
    def storage(self) -> Path:
        return self.folder / "storage"

    def start_pod(self, command: list[str], environment: dict[str, str]) -> Popen[bytes]:
        ready = [node for node in self.nodes[1:] if node.is_ready]
        pod = ready[len(self.pods) % len(ready)].begin(command, environment)
        self.pods.append(pod)
        return pod

    def node_of(self, job: Job) -> Node:
        return next(node for node in self.nodes if node.has(job.pods[-1].process))

    def lose(self, node: Node, fake: Cluster) -> None:
        """A node is gone; its pods are counted as disrupted."""
        with fake.lock:
            for job in fake.jobs.values():
                for pod in job.pods:
                    if pod.process.poll() is None and node.has(pod.process):
                        pod.ended_by = "evicted"
        node.kill()


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("shared")
    make_network(nodes=3)
    server = Server(folder)
    nodes = [Node(folder, number) for number in (1, 2, 3)]
    try:
        for node in nodes:
            node.wait()
        yield Machines(folder, server, nodes)
    except KernelRefuses as refusal:
        pytest.skip(f"no virtual node starts on this processor ({refusal})")
    finally:
        for node in nodes:
            node.kill()
        server.kill()


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_nodes_mount_as_efs_is_mounted(machines: Machines) -> None:
    for node in machines.nodes:
        mounts = node.run(["cat", "/proc/mounts"]).splitlines()
        (mount,) = [line.split() for line in mounts if line.startswith(f"{SERVER}:/ ")]
        assert mount[1:3] == [str(machines.storage), "nfs4"]
        options = mount[3].split(",")
        expected = "vers=4.1,rsize=1048576,wsize=1048576,hard,noresvport,timeo=600,retrans=2"
        assert [each for each in expected.split(",") if each not in options] == []


def test_a_published_file_is_whole_on_every_node(machines: Machines) -> None:
    """One node publishes hundreds of versions, two others read whatever they find."""
    _, *readers = machines.nodes
    reading = f"""
import os, time
folder, seen, stale = {str(machines.storage / "whole")!r}, set(), 0
while 'over' not in os.listdir(folder):
    for name in os.listdir(folder):
        if name == 'result.txt':
            try:
                text = open(os.path.join(folder, name)).read()
            except OSError as error:
                assert error.errno in (2, 116), error  # replaced between looking it up and reading it
                stale += 1
                continue
            assert len(text) == 300000 and len(set(text)) == 1, (len(text), set(text))
            seen.add(text[0])
print(len(seen), stale)
"""
    (machines.storage / "whole").mkdir()
    begun = [node.begin(python(reading)) for node in readers]
    machines.nodes[0].run(
        python(f"""
from pathlib import Path
from pipelines.sequencing.run import write_atomically
folder = Path({str(machines.storage / "whole")!r})
for round in range(300):
    write_atomically(folder / 'result.txt', chr(ord('a') + round % 26) * 300000)
write_atomically(folder / 'over', '')
""")
    )
    for process in begun:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
        versions, stale = map(int, said.split())
        print(f"a reader saw {versions} of 26 versions, {stale} looks were stale")
        assert versions > 1


def test_a_new_file_is_seen_before_the_workflow_gives_up(machines: Machines) -> None:
    """A node that has just seen that there is no file goes on believing so for a while; listing shows it sooner."""
    folder = machines.storage / "new"
    folder.mkdir()
    waiting = f"""
import os, time
path = {str(folder / "file")!r}
ways = {{'stat': lambda: os.path.exists(path), 'listing': lambda: 'file' in os.listdir(os.path.dirname(path))}}
find = ways[WAY]
assert not find()
open(path + '.' + WAY, 'w').close()
began = time.monotonic()
while not find():
    time.sleep(0.2)
print(time.monotonic() - began)
"""
    begun = {
        way: node.begin(python(waiting.replace("WAY", repr(way))))
        for way, node in zip(("stat", "listing"), machines.nodes[1:], strict=True)
    }
    while {path.name for path in folder.iterdir()} != {"file.stat", "file.listing"}:
        assert all(process.poll() is None for process in begun.values())
        time.sleep(0.05)
    machines.nodes[0].run(python(f"open({str(folder / 'file')!r}, 'w').write('there')"))
    for way, process in begun.items():
        said, _ = process.communicate(timeout=SEEN_WITHIN)
        assert process.returncode == 0, said.decode()
        print(f"seen by {way} after {float(said):.1f} s")


@pytest.fixture
def profile(machines: Machines) -> Path:
    """Asks more often; a node has one processor."""
    return profile_in(machines.folder, seconds_between_status_checks=2, set_threads=["align=1"])


def test_a_run_over_three_nodes_gives_what_one_machine_gives(machines: Machines, profile: Path) -> None:
    """A node is lost while it aligns, the server while a step works, and then the node of the driver."""
    storage = new_storage(machines.storage)
    done = run(command(storage, "--cores", "1"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    here = results(storage)
    for folder in storage.iterdir():
        shutil.rmtree(folder)
    new_storage(storage)

    with cluster(SERVER, machines.start_pod) as fake:
        environment = settings_of(fake, profile)

        def start_driver(node: Node) -> Popen[bytes]:
            return node.begin(command(storage, "--profile", str(profile)), environment)

        driver = start_driver(machines.nodes[0])
        aligning = fake.wait_for("align", driver)
        unfinished = storage / "intermediate/r/samples"
        while not list(unfinished.glob("*/bwa/.align.tmp/*")):
            assert driver.poll() is None
            time.sleep(0.05)
        lost = machines.node_of(aligning)
        machines.lose(lost, fake)
        print(f"lost the node that aligned; it left {[path.name for path in unfinished.glob('*/bwa/.align.tmp/*')]}")

        fake.wait_for("call_variants", driver)
        machines.server.kill()
        time.sleep(5)
        machines.server.start()
        print("lost the server for 5 s while variants were called")

        lost.start()
        lost.wait()

        refused = start_driver(machines.nodes[1])
        said, _ = refused.communicate(timeout=120)
        assert refused.returncode == 1
        assert b"is being worked on by process" in said
        assert b"on node1" in said

        fake.wait_for("publish", driver)
        machines.lose(machines.nodes[0], fake)
        print("lost the node of the driver while the sample was being published")
        began = time.monotonic()
        while True:
            driver = start_driver(machines.nodes[1])
            said, _ = driver.communicate(timeout=600)
            if b"is being worked on by process" not in said:
                break
            assert time.monotonic() - began < SEEN_WITHIN, "the lock of a node that is gone is never free"
        assert driver.returncode == 0, said.decode() + (storage / "intermediate/r/snakemake.log").read_text()
        assert len(aligning.pods) == 2
    there = results(storage)
    assert there.keys() == here.keys() != set()
    assert [name for name, content in there.items() if content != here[name]] == []
