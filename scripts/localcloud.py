"""Talk to the local cloud: start and stop it, ask its state, move its clock, open AWS clients to it."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from scripts.paths import LOCALCLOUD_PYTHON, localcloud_directory
from scripts.talk import AlreadySaidError, UserError

DEFAULT_PORT = 4566
ACCOUNT = "000000000000"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@dataclass(frozen=True)
class LocalCloud:
    """A local cloud by its port and working directory; ``instance_id`` changes at every start."""

    port: int
    directory: Path

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.directory / "server.log"

    def command(self, *arguments: str) -> None:
        """Run a command of the local cloud's own program; its output goes to ours."""
        if not LOCALCLOUD_PYTHON.exists():
            raise UserError(f"the local cloud's environment is missing ({LOCALCLOUD_PYTHON}); run: make setup")
        done = subprocess.run(
            [
                str(LOCALCLOUD_PYTHON), "-m", "kosha_localcloud",
                "--port", str(self.port), "--directory", str(self.directory), *arguments,
            ],
            check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise AlreadySaidError(f"the local cloud's '{arguments[0]}' ended with {done.returncode}")

    def status(self) -> dict[str, Any] | None:
        """What the running instance says of itself, or None if none answers on this port."""
        try:
            # Where none listens the answer comes at once; a busy machine may take its time.
            answer: dict[str, Any] = self.control("GET", "status", timeout=60)
        except (UserError, json.JSONDecodeError):
            return None
        return answer

    def instance_id(self) -> str:
        """The running instance's id. Raises :class:`UserError` if it does not run."""
        status = self.status()
        if not status:
            raise UserError(f"no local cloud answers on {self.endpoint}; start it with: make up")
        return str(status["instance_id"])

    def control(self, method: str, path: str, body: object | None = None, timeout: float = 600) -> Any:
        """Call the control API below ``/_kosha/``; returns the parsed JSON answer.

        Raises :class:`UserError` with what the local cloud said where it refused, or that it does not answer.
        """
        request = urllib.request.Request(  # noqa: S310 - always http on loopback
            f"{self.endpoint}/_kosha/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace").strip()
            raise UserError(f"the local cloud answered {method} {path} with {error.code}: {said}") from error
        except (OSError, http.client.HTTPException) as error:
            raise UserError(self.silence()) from error

    def silence(self) -> str:
        """What to say when it stopped answering in the middle of something."""
        return (
            f"the local cloud on {self.endpoint} stopped answering. What it held is gone; start again with the same "
            f"command (its log: {self.log_file})"
        )

    @contextmanager
    def expected_to_answer(self) -> Iterator[None]:
        """AWS clients in the block that find it gone raise :class:`UserError`; other errors pass."""
        try:
            yield
        except BotoCoreError as error:
            if self.status() is None:
                raise UserError(self.silence()) from error
            raise

    def advance_clock(self, seconds: int) -> Any:
        """Move the clock forward, firing every schedule that falls due; returns when what it fired has settled."""
        return self.control("POST", "clock/advance", {"seconds": seconds})

    @contextmanager
    def resting_but(self, *patterns: str) -> Iterator[None]:
        """In the block all schedules rest but those whose name fits a pattern; what the others had is missed."""
        self.control("POST", "schedules/rest", {"but": patterns})
        try:
            yield
        finally:
            self.control("DELETE", "schedules/rest")

    @contextmanager
    def resting_alarms(self) -> Iterator[None]:
        """In the block alarms are looked at when asked for (``alarms/evaluate``), and not by time."""
        self.control("POST", "alarms/rest")
        try:
            yield
        finally:
            self.control("DELETE", "alarms/rest")

    def client(self, service: str, region: str, config: Config | None = None) -> Any:
        """A boto3 client of ``service`` in ``region``."""
        settings: dict[str, Any] = {"endpoint_url": self.endpoint, "config": config} | CREDENTIALS
        made = boto3.client(service, region_name=region, **settings)  # type: ignore[call-overload]
        # boto3 puts the account in front of the host of S3 Control, and of this machine that resolves nowhere.
        made.meta.events.register("before-sign.s3-control", _without_account)
        return made

    def environment(self) -> dict[str, str]:
        """Variables that point the AWS CLI and any SDK at this local cloud."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
        }

    def shared_storage(self, file_system_id: str) -> Path:
        """The directories of the shared storage, as pods see them, on the EFS file system ``file_system_id``."""
        return self.directory / "efs" / file_system_id / "data"


def _without_account(request: Any, **_: Any) -> None:
    request.url = re.sub(r"//\d{12}[.]", "//", request.url)


def local_cloud() -> LocalCloud:
    """The local cloud chosen by ``KOSHA_LOCALCLOUD_PORT`` and ``KOSHA_LOCALCLOUD_DIR``."""
    port = os.environ.get("KOSHA_LOCALCLOUD_PORT") or str(DEFAULT_PORT)
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise UserError(f"KOSHA_LOCALCLOUD_PORT={port} is not a port number (1-65535)")
    return LocalCloud(int(port), localcloud_directory())


def free_port() -> int:
    """A port nothing uses, below those the kernel gives to outgoing connections: it is still free a moment later."""
    while True:
        port = random.randrange(20000, 30000)  # noqa: S311 (no secret)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


@contextmanager
def own_local_cloud(directory: Path) -> Iterator[LocalCloud]:
    """A local cloud on a free port, gone at the end; everything in this process talks to it meanwhile."""
    before = {name: os.environ.get(name) for name in ("KOSHA_LOCALCLOUD_PORT", "KOSHA_LOCALCLOUD_DIR")}
    os.environ["KOSHA_LOCALCLOUD_PORT"] = str(free_port())
    os.environ["KOSHA_LOCALCLOUD_DIR"] = str(directory)
    cloud = local_cloud()
    try:
        cloud.command("start")
        yield cloud
    finally:
        cloud.command("stop")
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
