"""Starting, stopping and recovering, beside another local cloud that runs."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from kosha_localcloud import cli, instance
from kosha_localcloud.instance import Instance
from kosha_localcloud.processes import find_function_processes, find_servers

from .conftest import Cloud, free_port, make_role, wait_for, zipped


@pytest.fixture
def other(cloud: Cloud, tmp_path: Path) -> Iterator[Cloud]:
    """A second local cloud beside the first, not started yet."""
    second = Cloud(tmp_path / "second", free_port())
    yield second
    second.run("stop")


def start(cloud: Cloud) -> str:
    """Start it and give the instance id."""
    started = cloud.run("start")
    assert started.returncode == 0, started.stderr
    assert cloud.endpoint in started.stdout
    return str(json.loads(cloud.run("status").stdout)["instance_id"])


def test_life_of_an_instance(cloud: Cloud, other: Cloud) -> None:
    first = start(other)
    assert start(other) == first, "starting again must keep the running instance"
    assert cloud.control.get("status")["instance_id"] != first

    role = make_role(other, "*", "lambda.amazonaws.com")
    other.client("lambda").create_function(
        FunctionName="f", Runtime="python3.13", Handler="handler.handle", Role=role,
        Code={"ZipFile": zipped("def handle(event, context): ...")},
    )  # fmt: skip
    other.client("lambda").get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1})
    other.client("lambda").invoke(FunctionName="f")
    assert len(find_function_processes(other.directory)) == 1

    (server,) = find_servers(other.directory)
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: not find_function_processes(other.directory), seconds=30)
    assert other.run("status").returncode == 3
    assert other.run("reset").returncode == 0
    second = start(other)
    assert second != first, "state of the killed instance is gone, and callers must be able to tell"

    (server,) = find_servers(other.directory)
    os.kill(server.pid, signal.SIGSTOP)  # half dead: it holds the port and does not answer
    assert start(other) != second

    stopped = other.run("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "The local cloud has stopped.\n")
    assert not other.directory.exists()
    assert find_servers(other.directory) == []
    assert cloud.run("status").returncode == 0, "the neighbour must still run"


def test_stopping_what_does_not_run_is_fine(other: Cloud) -> None:
    stopped = other.run("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "The local cloud was not running.\n")


def test_port_of_another_program_is_named(other: Cloud) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", other.port))
        stranger.listen()
        started = other.run("start")
    assert started.returncode == 1
    assert f"port {other.port} on 127.0.0.1 is used by another program; choose another with --port" in started.stderr
    assert "Traceback" not in started.stderr


def test_port_of_another_local_cloud_is_named(cloud: Cloud, tmp_path: Path) -> None:
    started = Cloud(tmp_path / "second", cloud.port).run("start")
    assert started.returncode == 1
    assert f"port {cloud.port}" in started.stderr


def test_a_second_port_does_not_end_the_instance_of_a_directory(cloud: Cloud) -> None:
    before = cloud.control.get("status")["instance_id"]
    started = Cloud(cloud.directory, free_port()).run("start")
    assert started.returncode == 1
    assert f"runs at port {cloud.port}" in started.stderr
    assert cloud.control.get("status")["instance_id"] == before


def test_directory_with_other_files_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for command in ("start", "stop", "reset"):
        refused = Cloud(tmp_path, free_port()).run(command)
        assert refused.returncode == 1
        assert "has files that are not the local cloud's" in refused.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_waits_for_what_a_killed_program_left_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "cloud"
    (directory / "efs" / "fs-1").mkdir(parents=True)
    (directory / ".kosha-localcloud").touch()
    remove, tries = shutil.rmtree, []

    def remove_while_somebody_writes(path: Path) -> None:
        tries.append(path)
        if len(tries) < 3:
            raise OSError(errno.ENOTEMPTY, "Directory not empty", str(path))
        remove(path)

    monkeypatch.setattr(shutil, "rmtree", remove_while_somebody_writes)
    Instance(directory, free_port()).stop()
    assert len(tries) == 3
    assert not directory.exists()


def test_ctrl_c_is_no_stack_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: Instance) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Instance, "stop", interrupt)
    assert cli.main(["--directory", str(tmp_path / "instance"), "reset"]) == 130
    assert capsys.readouterr().err == "localcloud: interrupted; the next start or reset goes on from here\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "70000", "start"], "use 1 to 65535"),
        (["clock", "advance", "soon"], "write 90s, 30m, 2h or 7d"),
        (["faults", "add", "{"], "no JSON"),
        (["clock", "show"], "no local cloud answers"),
    ],
)
def test_wrong_use_gives_one_clear_message(other: Cloud, arguments: list[str], complaint: str) -> None:
    result = other.run(*arguments)
    assert result.returncode in (1, 2)
    assert complaint in result.stderr
    assert "Traceback" not in result.stderr


def test_a_stop_ends_when_the_port_is_free_so_that_the_next_start_finds_it_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [True, True, False]
    server = Mock()
    server.alive.return_value = False
    monkeypatch.setattr(instance, "find_servers", lambda _: [server])
    monkeypatch.setattr(instance, "find_function_processes", lambda _: [])
    monkeypatch.setattr(instance, "kill_and_wait", lambda _: None)
    monkeypatch.setattr(instance, "_port_is_taken", lambda _: taken.pop(0))
    assert Instance(tmp_path / "cloud", free_port()).stop()
    assert taken == []
