"""Kill ``make demo`` again and again, where and how chance says, then let it end (``make test-kill``).

Each demo is the proof of the one before it: it must get by itself to the step in which it is killed in turn, and the
last one must succeed. The ways are those of life: Ctrl-C, a killed local cloud, a killed shell with all it started, and
a killed program whose children live on.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread

from scripts.localcloud import local_cloud
from scripts.paths import REPOSITORY
from scripts.talk import UserError, make_console, run_program

STEPS = {
    "Start the local cloud": 6,
    "Apply the platform": 40,
    "The shared storage is there": 80,
    "Let half an hour": 4,
}
"""What the demo says -> seconds from then on in which a kill can fall: in the apply alone, and beside the pipeline."""
DEMO_LIMIT = 600.0
END_LIMIT = 90.0

console = make_console()


@dataclass
class Demo:
    """A running ``make demo``, in a process group of its own as a terminal would give it."""

    process: subprocess.Popen[str]
    lines: list[str]
    arrived: Event
    title: str

    @classmethod
    def start(cls, title: str) -> Demo:
        process = subprocess.Popen(
            ["make", "demo"],
            cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        demo = cls(process, [], Event(), title)
        Thread(target=demo._read, daemon=True).start()
        return demo

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if self.title and self.title in line:
                self.arrived.set()
        self.arrived.set()

    def wait_for_step(self) -> None:
        """Until the step has begun. Raises :class:`UserError` if the demo ended or hung before it."""
        if not self.arrived.wait(DEMO_LIMIT) or not any(self.title in line for line in self.lines):
            raise UserError(f"the demo did not get to '{self.title}':\n{self.tail()}")

    def end(self, limit: float) -> int:
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired as error:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise UserError(f"the demo did not end within {limit:.0f} s:\n{self.tail()}") from error

    def tail(self) -> str:
        return "".join(self.lines[-25:])

    def program(self) -> int:
        """The process id of the demo's own Python program, below make."""
        found = subprocess.run(
            ["pgrep", "--session", str(self.process.pid), "--full", "--exact", r"\S*python\S* -m scripts\.demo"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return int(found.stdout.split()[0])


def press_ctrl_c(demo: Demo) -> None:
    os.killpg(demo.process.pid, signal.SIGINT)


def kill_local_cloud(_: Demo) -> None:
    record = local_cloud().directory / "instance.json"
    end = time.monotonic() + END_LIMIT
    while time.monotonic() < end:
        # There may be none yet, or still that of the instance before.
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError, ProcessLookupError):
            os.kill(int(json.loads(record.read_text())["pid"]), signal.SIGKILL)
            return
        time.sleep(0.1)
    raise UserError("there is no local cloud to kill")


def kill_everything(demo: Demo) -> None:
    os.killpg(demo.process.pid, signal.SIGKILL)


def kill_program(demo: Demo) -> None:
    os.kill(demo.program(), signal.SIGKILL)


WAYS: dict[str, Callable[[Demo], None]] = {
    "Ctrl-C": press_ctrl_c,
    "kill -9 of the local cloud": kill_local_cloud,
    "kill -9 of make and all it started": kill_everything,
    "kill -9 of the program alone": kill_program,
}


def interrupt(title: str, after: float, way: str) -> None:
    """Run a demo into ``title``, kill it there, and check that it ends, fails and shows no stack trace."""
    demo = Demo.start(title)
    demo.wait_for_step()
    time.sleep(after)  # what is tested is that any moment will do
    if demo.process.poll() == 0:
        console.print(f"{title} + {after:.1f} s: the demo was done before {way} struck", highlight=False)
        return
    WAYS[way](demo)
    code = demo.end(END_LIMIT)
    said = [line.strip() for line in demo.lines if re.search(r"error|interrupted", line)]
    console.print(
        f"{title} + {after:.1f} s, {way}: exit code {code}; said: {said[-1] if said else '-'}", highlight=False
    )
    if code == 0:
        raise UserError(f"the demo succeeded although it was killed:\n{demo.tail()}")
    if any("Traceback" in line for line in demo.lines):
        raise UserError(f"a stack trace instead of a message:\n{demo.tail()}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="kill_demo", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides where and how (default 1)")
    parser.add_argument("--times", type=int, default=6, help="how often the demo is killed (default 6)")
    arguments = parser.parse_args()
    # A shell ignores Ctrl-C for what it starts in the background, and so would the demo.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chance = random.Random(arguments.seed)  # noqa: S311 (no secret)
    places = [title for _ in range(arguments.times) for title in STEPS][: arguments.times]
    ways = [way for _ in range(arguments.times) for way in chance.sample(sorted(WAYS), len(WAYS))][: arguments.times]
    for title, way in zip(places, ways, strict=True):
        interrupt(title, chance.uniform(0, STEPS[title]), way)
    demo = Demo.start("")
    code = demo.end(DEMO_LIMIT)
    if code != 0:
        raise UserError(f"the demo after {arguments.times} kills ended with {code}:\n{demo.tail()}")
    console.print(f"after {arguments.times} kills the demo succeeded by itself")
    return 0


if __name__ == "__main__":
    run_program(main)
