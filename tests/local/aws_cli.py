"""The AWS CLI, each call a process of its own, forked from one that has loaded it: a start costs a second of CPU."""

from __future__ import annotations

import io
import multiprocessing
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.local.aws_cli_loaded"])
_LONGEST_SECONDS = 120


@dataclass(frozen=True)
class Answer:
    exit_code: int
    said: str
    complained: str


def run(arguments: list[str], environment: Mapping[str, str]) -> Answer:
    """``aws ARGUMENTS`` with these variables added to the environment."""
    receiver, sender = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_call, args=(arguments, dict(environment), sender))
    process.start()
    sender.close()
    try:
        if not receiver.poll(_LONGEST_SECONDS):
            raise TimeoutError(f"aws {' '.join(arguments)} does not end")
        answer: Answer = receiver.recv()
        return answer
    finally:
        process.kill()
        process.join()


def _call(arguments: list[str], environment: dict[str, str], sender: Connection) -> None:
    from awscli.clidriver import create_clidriver

    os.environ.update(environment)
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    sys.stdout, sys.stderr = streams
    try:
        code = create_clidriver().main(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    said, complained = (stream.buffer.getvalue().decode() for stream in streams)
    sender.send(Answer(code, said, complained))
