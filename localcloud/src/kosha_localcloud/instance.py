"""One local cloud on this machine: its working directory, its server process, starting and ending it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kosha_localcloud import settings
from kosha_localcloud.client import Client, NoAnswerError
from kosha_localcloud.processes import Process, find_function_processes, find_servers, kill_and_wait

START_LIMIT = 120.0  # seconds; a quiet machine needs about 8
STOP_LIMIT = 2.0  # its state is thrown away, so there is little to end politely
PORT_LIMIT = 10.0  # until the port of a killed server is free
WIPE_LIMIT = 20.0  # until what a killed program left behind has stopped writing
ANSWER_LIMIT = 10.0  # a server that has not answered for so long is half dead

_MARKER = ".kosha-localcloud"
_LOG = "server.log"
_RECORD = "instance.json"


class InstanceError(Exception):
    """The local cloud cannot do what was asked; the message says why and what to do."""


@dataclass(frozen=True)
class Instance:
    """A local cloud by its working directory (absolute) and its port."""

    directory: Path
    port: int

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        """What the server printed."""
        return self.directory / _LOG

    def status(self) -> dict[str, Any] | None:
        """What the running server of this directory says about itself, or None."""
        try:
            answer = Client(self.endpoint).get("status")
        except NoAnswerError:
            return None
        return answer if answer.get("directory") == str(self.directory) else None

    def start(self) -> dict[str, Any]:
        """Start the server, unless it runs and is healthy. Gives its status. Raises InstanceError."""
        with self._lock():
            self._refuse_second_port()
            running = self._answer_of_server()
            if running is not None:
                return running
            self._end_processes()  # of a half-dead or orphaned instance
            self._wipe()
            if _port_is_taken(self.port):
                raise InstanceError(
                    f"port {self.port} on 127.0.0.1 is used by another program; "
                    f"choose another with --port or {settings.PORT}"
                )
            return self._start_server()

    def stop(self) -> bool:
        """End the server and everything it started, and remove its files. Gives whether there was a server."""
        with self._lock():
            ended = self._end_processes()
            self._wipe()
        if self._is_ours():
            (self.directory / _MARKER).unlink(missing_ok=True)
            (self.directory / _LOG).unlink(missing_ok=True)
            (self.directory / "lock").unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self.directory.rmdir()
        return ended

    def _refuse_second_port(self) -> None:
        """A server of this directory that is well and listens elsewhere would be taken for a half-dead one."""
        try:
            port = json.loads((self.directory / _RECORD).read_text())["port"]
        except (OSError, ValueError, KeyError):
            return
        if port != self.port and Instance(self.directory, port).status() is not None:
            raise InstanceError(
                f"the local cloud of {self.directory} runs at port {port}; "
                f"use --port {port}, stop it first, or choose another directory with --directory"
            )

    def _answer_of_server(self) -> dict[str, Any] | None:
        """The status of the directory's server; waits a while for one that is busy."""
        deadline = time.monotonic() + ANSWER_LIMIT
        while find_servers(self.directory) and time.monotonic() < deadline:
            status = self.status()
            if status is not None:
                return status
            time.sleep(0.2)
        return None

    def _start_server(self) -> dict[str, Any]:
        instance_id = secrets.token_hex(8)
        (self.directory / "work" / "tmp").mkdir(parents=True)
        with self.log_file.open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "localstack.runtime.main"],
                cwd=self.directory,
                env=self._environment(instance_id),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        record = {"instance_id": instance_id, "pid": server.pid, "port": self.port}
        (self.directory / _RECORD).write_text(json.dumps(record))
        try:
            return self._wait_until_healthy(server, instance_id)
        except BaseException:
            self._end_processes()
            raise

    def _wait_until_healthy(self, server: subprocess.Popen[bytes], instance_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise InstanceError(
                    f"the server ended with code {server.returncode} while starting:\n{self._log_tail()}"
                )
            status = self.status()
            if status is not None and status["instance_id"] == instance_id:
                return status
            time.sleep(0.2)
        raise InstanceError(f"the server did not answer within {START_LIMIT:.0f} s:\n{self._log_tail()}")

    def _log_tail(self) -> str:
        lines = self.log_file.read_text(errors="replace").splitlines()
        return "\n".join(["--- end of the server's log ---", *lines[-15:]])

    def _environment(self, instance_id: str) -> dict[str, str]:
        """The server's environment: nothing of the caller's AWS, LocalStack or proxy settings may reach it."""
        foreign = ("AWS_", "LOCALSTACK_", "LAMBDA_", "PYTHON", "VIRTUAL_ENV")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(foreign) and not name.lower().endswith("_proxy")
        }
        work = self.directory / "work"
        return kept | {
            settings.DIRECTORY: str(self.directory),
            settings.PORT: str(self.port),
            settings.INSTANCE: instance_id,
            "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            # addresses in answers (queue URLs) must work without asking a name server
            "LOCALSTACK_HOST": f"127.0.0.1:{self.port}",
            # The region comes from the signature; Terraform takes only URLs of the form host/account/name.
            "SQS_ENDPOINT_STRATEGY": "off",
            "DNS_ADDRESS": "0",
            "LAMBDA_RUNTIME_EXECUTOR": "process",
            "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "90",
            # AdministratorAccess and the like, for who attaches them
            "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
            # no account, no telemetry, no download
            "LOCALSTACK_ACKNOWLEDGE_ACCOUNT_REQUIREMENT": "1",
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "OVERRIDE_IN_DOCKER": "0",
            "EAGER_SERVICE_LOADING": "0",
            # everything it writes lies in the working directory
            "FILESYSTEM_ROOT": str(work / "localstack"),
            "LOCALSTACK_VOLUME_DIR": str(work / "localstack"),
            "CONFIG_DIR": str(work / "config"),
            "TMPDIR": str(work / "tmp"),
            "XDG_CACHE_HOME": str(work / "cache"),
            "PYTHONUNBUFFERED": "1",
        }

    def _end_processes(self) -> bool:
        """End the server (politely first) and the functions, but only those of this directory.

        Gives whether there was a server; then its port is free again, so that the next may begin at once.
        """
        servers = find_servers(self.directory)
        for server in servers:
            server.signal(signal.SIGTERM)
        _wait_for_end(servers, STOP_LIMIT)
        kill_and_wait(servers)
        kill_and_wait(find_function_processes(self.directory))
        # The kernel lets go of a killed server's port when the last of its threads is gone.
        deadline = time.monotonic() + (PORT_LIMIT if servers else 0)
        while _port_is_taken(self.port) and time.monotonic() < deadline:
            time.sleep(0.05)
        return bool(servers)

    def _wipe(self) -> None:
        """Remove the instance's files, but keep the log of the last run and the lock that is held.

        A program that was killed may have left others that still write here while they end (a pipeline, Terraform).
        """
        deadline = time.monotonic() + WIPE_LIMIT
        while True:
            try:
                self._remove_files()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise InstanceError(
                        f"cannot empty {self.directory}: {error}; end whatever still writes there, then try again"
                    ) from error
                time.sleep(0.2)
            else:
                return

    def _remove_files(self) -> None:
        for path in self.directory.iterdir():
            if path.name in (_MARKER, _LOG, "lock"):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _is_ours(self) -> bool:
        return (self.directory / _MARKER).exists()

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Only one command at a time works on the directory."""
        self._claim()
        with (self.directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _claim(self) -> None:
        """Make the directory ours; one with other people's files is never touched."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            if not self._is_ours() and any(self.directory.iterdir()):
                raise InstanceError(
                    f"{self.directory} has files that are not the local cloud's; "
                    f"choose an empty directory with --directory or {settings.DIRECTORY}"
                )
            (self.directory / _MARKER).touch()
        except OSError as error:
            raise InstanceError(
                f"cannot use {self.directory}: {error.strerror}; choose another directory with --directory"
            ) from error


def _port_is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _wait_for_end(processes: list[Process], limit: float) -> None:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and any(process.alive() for process in processes):
        time.sleep(0.05)
