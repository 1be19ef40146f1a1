"""What a program started ends with it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.patience import wait_for

REPOSITORY = Path(__file__).parents[3]
PARENT = """
import subprocess
from scripts.children import end_with_parent
child = subprocess.Popen(["sleep", "600"], preexec_fn=end_with_parent)
print(child.pid, flush=True)
child.wait()
"""


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def test_a_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not has_ended(child)
        os.kill(parent.pid, signal.SIGKILL)
    wait_for("the end of the child", lambda: has_ended(child))
