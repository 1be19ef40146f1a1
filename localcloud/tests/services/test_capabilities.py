"""The table of what the local cloud can do."""

from __future__ import annotations

import subprocess

from ..conftest import PROJECT, Cloud, server_python

COMMAND = [server_python(), "-m", "kosha_localcloud.services.capabilities"]


def test_table_is_what_the_code_says() -> None:
    page = subprocess.run(COMMAND, capture_output=True, text=True, check=True, timeout=60).stdout
    committed = (PROJECT / "localcloud" / "CAPABILITIES.md").read_text()
    assert committed == page, f"run: {' '.join(COMMAND[1:])} > localcloud/CAPABILITIES.md, with {COMMAND[0]}"


def test_absent_operation_answers_501_and_a_real_one_does_not(cloud: Cloud) -> None:
    page = (PROJECT / "localcloud" / "CAPABILITIES.md").read_text()
    section = page.split("### datasync")[1].split("### ")[0]
    assert "CreateAgent" in section.split("absent: ")[1]
    assert "| StartTaskExecution | real |" in section
    datasync = cloud.client("datasync")
    try:
        datasync.create_agent(ActivationKey="A" * 5)
        status = 200
    except datasync.exceptions.ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status == 501
