"""Lambda functions as processes."""

from __future__ import annotations

import base64
import json
import platform
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import RECOVERY, Cloud, make_role, messages, wait_for, zipped

ECHO = """
    import os, sys, pathlib
    count = 0
    def handle(event, context):
        global count
        count += 1
        print("handling", event)
        return {"event": event, "environment": dict(os.environ), "count": count, "path": sys.path,
                "remaining": context.get_remaining_time_in_millis(), "arn": context.invoked_function_arn,
                "here": pathlib.Path.cwd().joinpath("handler.py").exists()}
"""


MISSING_SYSTEM = {
    "Arn": "arn:aws:elasticfilesystem:ap-south-1:000000000000:access-point/fsap-0",
    "LocalMountPath": "/mnt/x",
}


def invoke(cloud: Cloud, arn: str, event: object = None, **more: Any) -> Any:
    answer = cloud.client("lambda", arn.split(":")[3], read_timeout=90).invoke(
        FunctionName=arn, Payload=json.dumps(event).encode(), **more
    )
    return answer, json.loads(answer["Payload"].read() or "null")


def test_function_gets_its_own_variables_and_those_of_lambda_only(
    cloud: Cloud, make_function: Callable[..., str]
) -> None:
    arn = make_function(ECHO, Environment={"Variables": {"GREETING": "namaste"}}, MemorySize=192, Timeout=20)
    _, result = invoke(cloud, arn, {"a": 1})
    environment = result["environment"]
    assert result["event"] == {"a": 1}
    assert result["here"]
    assert result["arn"] == arn
    assert 0 < result["remaining"] <= 20_000
    assert environment["GREETING"] == "namaste"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == arn.rpartition(":")[2]
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "192"
    assert environment["AWS_REGION"] == "ap-south-1"
    assert environment["AWS_ENDPOINT_URL"] == cloud.endpoint
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=")
    foreign = {name for name in environment if not name.startswith(("AWS_", "_AWS_", "_X_AMZN", "LAMBDA_", "GREETING"))}
    assert foreign <= {"_HANDLER", "TZ", "LANG", "PATH", "LC_CTYPE"}


def test_second_call_finds_the_process_warm(cloud: Cloud, make_function: Callable[..., str]) -> None:
    arn = make_function(ECHO)
    counts = [invoke(cloud, arn)[1]["count"] for _ in range(3)]
    assert counts == [1, 2, 3]


def test_function_sees_boto3_but_no_package_of_the_local_cloud(cloud: Cloud, make_function: Callable[..., str]) -> None:
    arn = make_function("""
        import importlib.util
        def handle(event, context):
            return [name for name in event if importlib.util.find_spec(name)]
    """)
    assert invoke(cloud, arn, ["boto3", "localstack", "psutil", "yaml", "kosha_localcloud"])[1] == ["boto3"]


def test_a_module_compiled_for_lambda_s_processor_is_taken_for_this_machine(
    cloud: Cloud, make_function: Callable[..., str]
) -> None:
    other = {"x86_64": 183, "aarch64": 62}[platform.machine()]  # e_machine of the other one, /usr/include/elf.h
    foreign = b"\x7fELF\x02\x01\x01" + bytes(9) + (3).to_bytes(2, "little") + other.to_bytes(2, "little")
    arn = make_function(
        """
        import importlib
        def handle(event, context):
            try:
                return importlib.import_module(event).__file__
            except ImportError as error:
                return type(error).__name__
        """,
        files={"_awscrt.abi3.so": foreign, "_unheard_of.abi3.so": foreign},
    )
    assert invoke(cloud, arn, "_awscrt")[1].endswith("/site-packages/_awscrt.abi3.so")
    assert invoke(cloud, arn, "_unheard_of")[1] == "ImportError"


def test_function_reaches_services_in_both_regions(cloud: Cloud, make_function: Callable[..., str]) -> None:
    arn = make_function(
        """
        import boto3
        def handle(event, context):
            for region in ("ap-south-1", "ap-south-2"):
                parameters = boto3.client("ssm", region_name=region)
                parameters.put_parameter(Name="/from/function", Value=region, Type="String", Overwrite=True)
            return boto3.client("sts").get_caller_identity()["Arn"]
    """,
        region=RECOVERY,
    )
    _, caller = invoke(cloud, arn)
    assert ":assumed-role/role-" in caller
    for region in ("ap-south-1", "ap-south-2"):
        assert cloud.client("ssm", region).get_parameter(Name="/from/function")["Parameter"]["Value"] == region


def test_function_that_takes_too_long_is_ended_and_starts_afresh(
    cloud: Cloud, make_function: Callable[..., str]
) -> None:
    arn = make_function(
        """
        import subprocess, time
        count = 0
        def handle(event, context):
            global count
            count += 1
            if event == "sleep":
                subprocess.Popen(["sleep", "987654"])
                time.sleep(30)
            return count
    """,
        Timeout=1,
    )
    answer, error = invoke(cloud, arn, "sleep", LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert "Task timed out after 1.00 seconds" in base64.b64decode(answer["LogResult"]).decode()
    assert invoke(cloud, arn, "work")[1] == 1


def test_function_that_takes_too_much_memory_is_ended(cloud: Cloud, make_function: Callable[..., str]) -> None:
    arn = make_function(
        """
        def handle(event, context):
            return len(bytearray(event * 2**20).replace(b"\\0", b"1"))
    """,
        MemorySize=128,
        Timeout=20,
    )
    answer, error = invoke(cloud, arn, 256)
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("signal: killed")
    assert invoke(cloud, arn, 1)[1] == 2**20


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import missing_package", "Runtime.ImportModuleError"),
        ("def handle(:", "Runtime.UserCodeSyntaxError"),
        ("def other(event, context): ...", "Runtime.HandlerNotFound"),
        ("raise SystemExit(3)", "Runtime.ExitError"),
    ],
)
def test_function_that_does_not_load_says_why(
    cloud: Cloud, make_function: Callable[..., str], source: str, kind: str
) -> None:
    answer, error = invoke(cloud, make_function(source))
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == kind


def test_exception_of_a_function_comes_back_with_its_trace(cloud: Cloud, make_function: Callable[..., str]) -> None:
    arn = make_function("""
        def handle(event, context):
            raise KeyError("sample")
    """)
    answer, error = invoke(cloud, arn)
    assert answer["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'sample'")
    assert "handler.py" in error["stackTrace"][0]


def test_log_of_an_invocation_is_framed_and_lies_in_the_group_of_the_function(
    cloud: Cloud, make_function: Callable[..., str]
) -> None:
    cloud.client("logs").create_log_group(logGroupName="/platform/functions")
    arn = make_function(ECHO, LoggingConfig={"LogGroup": "/platform/functions"})
    answer, _ = invoke(cloud, arn, "x")
    request = answer["ResponseMetadata"]["RequestId"]

    def lines() -> list[str]:
        events = cloud.client("logs").filter_log_events(logGroupName="/platform/functions")["events"]
        return [event["message"].rstrip("\n") for event in events]

    found = wait_for(lambda: lines() if any(line.startswith("REPORT") for line in lines()) else None)
    assert found is not None
    assert found[0] == f"START RequestId: {request} Version: $LATEST"
    assert found[1] == "handling x"
    assert found[2] == f"END RequestId: {request}"
    assert "Memory Size: 128 MB" in found[3]
    assert "Init Duration" in found[3]


def test_asynchronous_event_is_tried_three_times_and_then_buried(
    cloud: Cloud, make_function: Callable[..., str], make_queue: Callable[[], tuple[str, str]]
) -> None:
    tries_url, _ = make_queue()
    dead_url, dead_arn = make_queue()
    arn = make_function(
        """
        import datetime, boto3
        def handle(event, context):
            boto3.client("sqs").send_message(QueueUrl=event["tries"], MessageBody=datetime.datetime.now().isoformat())
            raise RuntimeError("no")
    """,
        DeadLetterConfig={"TargetArn": dead_arn},
    )
    cloud.client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=json.dumps({"tries": tries_url}))
    first = wait_for(lambda: messages(cloud, tries_url))
    assert len(first) == 1
    assert messages(cloud, dead_url) == []
    cloud.advance(600)  # one minute to the second try, two more to the third
    assert len(messages(cloud, tries_url)) == 2
    assert json.loads(messages(cloud, dead_url)[0]["Body"]) == {"tries": tries_url}


def test_an_event_that_comes_right_after_an_update_is_not_lost(
    cloud: Cloud, make_function: Callable[..., str], make_queue: Callable[[], tuple[str, str]]
) -> None:
    url, _ = make_queue()
    arn = make_function("""
        import boto3
        def handle(event, context):
            boto3.client("sqs").send_message(QueueUrl=event["url"], MessageBody=event["text"])
    """)
    functions = cloud.client("lambda")
    invoke(cloud, arn, {"url": url, "text": "before"})
    functions.update_function_configuration(FunctionName=arn, Environment={"Variables": {"A": "1"}})
    functions.get_waiter("function_updated_v2").wait(FunctionName=arn, WaiterConfig={"Delay": 1})
    for text in ("first", "second", "third"):
        functions.invoke(FunctionName=arn, InvocationType="Event", Payload=json.dumps({"url": url, "text": text}))
    cloud.advance(1)
    assert sorted(each["Body"] for each in messages(cloud, url)) == ["before", "first", "second", "third"]


def test_reserved_concurrency_of_zero_refuses_every_call(cloud: Cloud, make_function: Callable[..., str]) -> None:
    arn = make_function(ECHO)
    cloud.client("lambda").put_function_concurrency(FunctionName=arn, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        invoke(cloud, arn)


def test_settings_that_localstack_forgets_are_remembered(cloud: Cloud, make_function: Callable[..., str]) -> None:
    functions = cloud.client("lambda")
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = make_function(ECHO, KMSKeyArn=key, FileSystemConfigs=[MISSING_SYSTEM])
    found = functions.get_function_configuration(FunctionName=arn)
    assert (found["KMSKeyArn"], found["FileSystemConfigs"]) == (key, [MISSING_SYSTEM])
    functions.update_function_configuration(FunctionName=arn, KMSKeyArn="", FileSystemConfigs=[])
    found = functions.get_function_configuration(FunctionName=arn)
    assert "KMSKeyArn" not in found
    assert "FileSystemConfigs" not in found


def test_a_role_that_does_not_trust_lambda_is_refused(cloud: Cloud, make_function: Callable[..., str]) -> None:
    other = make_role(cloud, "*", "ec2.amazonaws.com")
    functions, arn = cloud.client("lambda"), make_function(ECHO)
    code = {"ZipFile": zipped(ECHO)}
    for call, settings in (
        (functions.update_function_configuration, {"FunctionName": arn}),
        (
            functions.create_function,
            {"FunctionName": "refused", "Runtime": "python3.13", "Handler": "handler.handle", "Code": code},
        ),
    ):
        for role in (other, f"{other}-that-is-not-there"):
            with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
                call(Role=role, **settings)


def test_a_layer_without_versions_is_in_no_list_and_its_numbers_go_on(cloud: Cloud) -> None:
    functions = cloud.client("lambda")

    def publish() -> int:
        number: int = functions.publish_layer_version(LayerName="tools", Content={"ZipFile": zipped("")})["Version"]
        return number

    def listed() -> list[str]:
        return [each["LayerName"] for each in functions.list_layers()["Layers"]]

    assert [publish(), publish()] == [1, 2]
    functions.delete_layer_version(LayerName="tools", VersionNumber=1)
    assert "tools" in listed()
    functions.delete_layer_version(LayerName="tools", VersionNumber=2)
    assert "tools" not in listed()
    assert publish() == 3
    assert "tools" in listed()
    functions.delete_layer_version(LayerName="tools", VersionNumber=3)


def test_mount_path_outside_mnt_is_refused(cloud: Cloud, make_function: Callable[..., str]) -> None:
    with pytest.raises(Exception, match="FunctionActiveV2"):
        make_function(ECHO, FileSystemConfigs=[MISSING_SYSTEM | {"LocalMountPath": "/srv"}])


def test_access_point_that_is_missing_fails_the_call(cloud: Cloud, make_function: Callable[..., str]) -> None:
    answer, error = invoke(cloud, make_function(ECHO, FileSystemConfigs=[MISSING_SYSTEM]))
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "EFSMountFailureException"


def test_two_functions_see_their_own_directory_at_the_same_mount_path(
    cloud: Cloud, make_function: Callable[..., str]
) -> None:
    efs = cloud.client("efs")
    owner = {"OwnerUid": 10001, "OwnerGid": 10001, "Permissions": "0770"}
    system = efs.create_file_system(CreationToken="mounts")["FileSystemId"]
    for name in ("one", "two"):
        point = efs.create_access_point(
            ClientToken=name,
            FileSystemId=system,
            PosixUser={"Uid": 10001, "Gid": 10001},
            RootDirectory={"Path": f"/{name}", "CreationInfo": owner},
        )["AccessPointArn"]
        arn = make_function(
            """
            import pathlib
            def handle(event, context):
                pathlib.Path("/mnt/data/name").write_text(event)
                return sorted(path.name for path in pathlib.Path("/mnt").iterdir())
        """,
            FileSystemConfigs=[{"Arn": point, "LocalMountPath": "/mnt/data"}],
        )
        assert invoke(cloud, arn, name)[1] == ["data"]
    written = {path.parent.name: path.read_text() for path in cloud.directory.rglob("name")}
    assert written == {"one": "one", "two": "two"}
