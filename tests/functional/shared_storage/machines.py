"""Machines that share storage as pods share EFS: a server of NFSv4.1, and nodes with their own kernels that mount it.

The server is nfs-ganesha. A node is a User-mode Linux: a kernel that runs as a process of this machine, with this
machine's files as its root, read-only. All of it lives in the namespaces that ``make test-shared-storage`` makes, and
ends with them. What it does not show: EFS's latency and throughput, TLS to a mount target, more than one processor a
node.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path

from scripts.paths import BUILD, REPOSITORY

SERVER = "10.77.0.1"
# https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-nfs-mount-settings.html
OPTIONS = "nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport"
INIT = Path(__file__).resolve().parent / "node.sh"
KERNEL_MODULES = Path("/usr/lib/uml/modules")
_PATIENCE_SECONDS = 60.0
_CONFIGURATION = """
NFS_CORE_PARAM {{ Protocols = 4; Bind_addr = {server}; Enable_NLM = false; Enable_RQUOTA = false; }}
NFSV4 {{ Minor_Versions = 1; Grace_Period = 10; Lease_Lifetime = 10; Only_Numeric_Owners = true; }}
EXPORT {{
  Export_Id = 1; Path = {path}; Pseudo = /; Access_Type = RW; Squash = No_Root_Squash; SecType = sys;
  FSAL {{ Name = VFS; }}
}}
"""


class KernelRefuses(Exception):
    """User-mode Linux does not run on this processor; the message is the kernel's."""


def make_network(nodes: int) -> None:
    """A bridge with the server's address and a tap for each node; raises OSError outside a namespace of our own."""
    if (there := {name for _, name in socket.if_nameindex()}) != {"lo"}:
        raise OSError(f"this network has {', '.join(sorted(there))}; run: make test-shared-storage")
    lines = [
        "link set lo up",
        "link add shared type bridge",
        f"address add {SERVER}/24 dev shared",
        "link set shared up",
    ]
    for number in range(1, nodes + 1):
        lines += [f"tuntap add tap{number} mode tap", f"link set tap{number} master shared", f"link set tap{number} up"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def wait_until(there: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a file that a process makes; raises AssertionError with its log when it ends or takes too long."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not there.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"no {there}:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.05)


class Server:
    """nfs-ganesha, which serves ``folder/storage``, a file system in memory."""

    def __init__(self, folder: Path) -> None:
        self.storage = folder / "storage"
        self._log = folder / "server.log"
        self._configuration = folder / "ganesha.conf"
        self._configuration.write_text(_CONFIGURATION.format(server=SERVER, path=self.storage), encoding="utf-8")
        # What the server remembers of its clients lies there; it has no setting for another place.
        for place in (self.storage, Path("/var/lib/nfs")):
            place.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], check=True)
        Path("/var/lib/nfs/ganesha").mkdir()
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["ganesha.nfsd", "-F", "-f", self._configuration, "-L", self._log, "-p", self._log.with_suffix(".pid")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            with suppress(OSError), socket.create_connection((SERVER, 2049), timeout=1):
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server did not start:\n{self._log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Node:
    """A virtual node; ``number`` is its tap and its address."""

    def __init__(self, folder: Path, number: int) -> None:
        self.name = f"node{number}"
        self._folder = folder
        self._number = number
        self._spool = folder / self.name
        self._log = folder / f"{self.name}.log"
        self._asked = count(1)
        self._waiting: list[subprocess.Popen[bytes]] = []
        self.start()

    def start(self) -> None:
        """Boot; :meth:`wait` waits for it."""
        shutil.rmtree(self._spool, ignore_errors=True)
        self._spool.mkdir()
        settings = {
            "NAME": self.name,
            "ADDRESS": f"10.77.0.{10 + self._number}",
            "SERVER": SERVER,
            "OPTIONS": OPTIONS.replace(",", ";"),
            "FOLDER": str(self._folder),
            "REPOSITORY": str(REPOSITORY),
            "MODULES": str(_modules()),
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    "linux.uml", "mem=1500M", "rootfstype=hostfs", "rootflags=/", "ro", f"init={INIT}",
                    f"vec0:transport=tap,ifname=tap{self._number},depth=128,gro=1", "con0=null,fd:1", "con=null",
                    *(f"KOSHA_{name}={value}" for name, value in settings.items()),
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=os.environ | {"TMPDIR": "/dev/shm"},
            )  # fmt: skip

    def wait(self) -> None:
        """Until the storage is mounted; raises :class:`KernelRefuses` where the processor is too new for the kernel."""
        try:
            wait_until(self._spool / "ready", self._process, self._log)
        except AssertionError:
            said = self._log.read_text(errors="replace")
            if "ptrace set fp regs failed" in said:
                raise KernelRefuses("User-mode Linux: ptrace set fp regs failed") from None
            raise

    def begin(self, command: list[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a command on the node; the process returned waits for it and ends with its code."""
        place = self._spool / str(next(self._asked))
        settings = {"PATH": os.environ["PATH"], "HOME": "/tmp", **(environment or {})}
        words = ["env", "--ignore-environment", *(f"{k}={v}" for k, v in settings.items()), *command]
        draft = place.with_suffix(".draft")
        draft.write_text(f"cd {shlex.quote(str(REPOSITORY))} && exec {shlex.join(words)}\n", encoding="utf-8")
        draft.rename(place.with_suffix(".sh"))
        waiting = 'while [ ! -e "$0.code" ]; do sleep 0.05; done; cat "$0.out"; exit "$(cat "$0.code")"'
        process = subprocess.Popen(
            ["bash", "-c", waiting, str(place)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self._waiting.append(process)
        return process

    def run(self, command: list[str], seconds: float = 120) -> str:
        """Run a command on the node to its end; returns what it printed."""
        process = self.begin(command)
        said, _ = process.communicate(timeout=seconds)
        assert process.returncode == 0, f"{self.name}: {shlex.join(command)[:300]}\n{said.decode()}"
        return said.decode()

    def has(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether a process that :meth:`begin` gave is one of this node."""
        return process in self._waiting

    @property
    def is_ready(self) -> bool:
        return (self._spool / "ready").exists()

    def kill(self) -> None:
        """As when the node's power is gone."""
        (self._spool / "ready").unlink(missing_ok=True)
        for each in (self._process, *self._waiting):
            with suppress(ProcessLookupError):
                os.killpg(each.pid, signal.SIGKILL)
            each.wait()


def _modules() -> Path:
    """A folder with the kernel's modules as modprobe looks for them."""
    place = BUILD / "user-mode-linux"
    for version in KERNEL_MODULES.iterdir():
        target = place / "lib" / "modules" / version.name
        if not (target / "modules.dep").is_file():
            shutil.copytree(version, target, dirs_exist_ok=True)
            subprocess.run(["depmod", "--basedir", place, version.name], check=True)
    return place
