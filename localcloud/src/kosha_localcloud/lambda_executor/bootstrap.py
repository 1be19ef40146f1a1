"""The first thing that runs in a function process. It must not import anything of the local cloud or of LocalStack.

It ends with the server, mounts the file systems, takes the clock of the local cloud over, sets the module path as
Lambda does and then hands over to awslambdaric, AWS's own runtime interface client. Its one argument is a JSON document
(see Sandbox).
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import site
import socket
import sys
import time
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000

_ACCOUNT_HOST = re.compile(r"\d{12}\.127\.0\.0\.1")

_libc = ctypes.CDLL(None, use_errno=True)


def end_with(parent: int) -> None:
    """Ask the kernel to kill this process when the server dies, however it dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the local cloud has ended")


def mount_file_systems(mounts: dict[str, str]) -> None:
    """Show local directories at their mount paths below /mnt, to this process and its children only.

    `mounts`: mount path -> directory. Root does it in a mount namespace of its own; others need a user namespace, too.
    Raises OSError when the system does not allow it.
    """
    if not mounts:
        return
    user, group = os.geteuid(), os.getegid()
    os.unshare(os.CLONE_NEWNS if user == 0 else os.CLONE_NEWNS | os.CLONE_NEWUSER)
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    # opened before /mnt of the host disappears, where a directory may lie
    sources = {path: os.open(source, os.O_PATH | os.O_DIRECTORY) for path, source in mounts.items()}
    _mount("tmpfs", "/mnt", "tmpfs", 0)
    for path, source in sources.items():
        Path(path).mkdir(parents=True)
        _mount(f"/proc/self/fd/{source}", path, None, _MS_BIND)
        os.close(source)


def _mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
    arguments = [None if text is None else text.encode() for text in (source, target, kind)]
    if _libc.mount(*arguments, ctypes.c_ulong(flags), None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def resolve_accounts() -> None:
    """Resolve ``<account>.127.0.0.1``: boto3 puts the account in front of the host of S3 Control, as AWS wants it."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **more: Any) -> Any:
        if isinstance(host, str) and _ACCOUNT_HOST.fullmatch(host):
            host = host.partition(".")[2]
        return resolve(host, *arguments, **more)

    socket.getaddrinfo = getaddrinfo


class CompiledModules:
    """Finds compiled modules for this machine where a function brings them for Lambda's processor (arm64).

    They come from the local cloud's own environment, where the lock file has the same versions. What is not there fails
    to import, as a wheel of the wrong processor does on AWS.
    """

    def __init__(self, own: str) -> None:
        self._own = Path(own)
        self._machine = _machine_of(sys.executable)

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder."""
        del target
        found = PathFinder.find_spec(name, path)
        origin = found.origin if found is not None else None
        if origin is None or not origin.endswith(".so") or _machine_of(origin) == self._machine:
            return None
        return PathFinder.find_spec(name, [str(self._own.joinpath(*name.split(".")[:-1]))])


def _machine_of(file: str) -> bytes:
    """The processor that an ELF file is for."""
    with Path(file).open("rb") as opened:
        return opened.read(20)[18:]


class CloudClock:
    """Keeps this process at the time of the local cloud."""

    def __init__(self, file: str) -> None:
        self._file = Path(file)
        self._offset = 0.0
        self._traveller: Any = None

    def refresh(self) -> None:
        """Take over the offset that the server has now."""
        offset = float(json.loads(self._file.read_text())["offset_seconds"])
        if offset == self._offset:
            return
        import time_machine

        if self._traveller is None:
            self._traveller = time_machine.travel(time.time() + offset, tick=True).start()
            time.time()  # it starts to tick when it is first asked
        else:
            self._traveller.shift(offset - self._offset)
        self._offset = offset


def main() -> None:
    """Become the function."""
    settings = json.loads(sys.argv[1])
    end_with(settings["server"])
    resolve_accounts()
    sys.path[:] = [*settings["path"], *sys.path[1:], settings["runtime"]]
    sys.meta_path.insert(0, CompiledModules(settings["compiled"]))
    site.setquit()
    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    client = LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        mount_file_systems(settings["mounts"])
    except OSError as error:
        message = (
            f"cannot mount {error.filename or settings['mounts']}: {error.strerror or error}; run the local cloud "
        )
        message += "as root or allow user namespaces"
        client.post_init_error({"errorType": "EFSMountFailureException", "errorMessage": message})
        sys.exit(1)
    clock = CloudClock(settings["clock"])
    clock.refresh()
    wait = client.wait_next_invocation

    def wait_next_invocation() -> Any:
        event = wait()
        clock.refresh()
        return event

    client.wait_next_invocation = wait_next_invocation
    sys.argv[:] = [settings["handler"]]
    bootstrap.run(settings["handler"], client)


if __name__ == "__main__":
    main()
