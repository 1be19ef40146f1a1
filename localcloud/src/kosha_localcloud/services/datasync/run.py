"""One execution: LAUNCHING, PREPARING, TRANSFERRING, VERIFYING, then SUCCESS or ERROR.

What the phases do is told in https://docs.aws.amazon.com/datasync/latest/userguide/how-datasync-transfer-works.html. In
Basic mode the counts of files include folders and symbolic links.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from kosha_localcloud.services.datasync import events
from kosha_localcloud.services.datasync.faults import faults
from kosha_localcloud.services.datasync.preparing import prepare
from kosha_localcloud.services.datasync.scene import Plan, RunError, Scene
from kosha_localcloud.services.datasync.state import Execution, Location, Task
from kosha_localcloud.services.datasync.transferring import transfer
from kosha_localcloud.services.datasync.verifying import verify
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document

# https://docs.aws.amazon.com/datasync/latest/userguide/troubleshooting-task-verification.html
MISMATCHES = (
    "Transfer and verification completed. Verification detected mismatches. "
    "Files with mismatches are listed in Cloud Watch Logs"
)
SKIPPED = "Transfer and verification completed. Selected files transferred except for files skipped due to errors."


class Run:
    """Runs one execution. Everything that goes wrong ends up in the execution's document; nothing is raised."""

    def __init__(self, task: Task, execution: Execution, source: Location, destination: Location) -> None:
        self.task = task
        self.execution = execution
        self._scene = Scene(task, execution, source, destination)
        self._document = execution.document
        self._begun = time.monotonic()

    def go(self) -> None:
        """Run from start to end."""
        scene = self._scene
        self._document["StartTime"] = now()
        self._begun = time.monotonic()
        plan = Plan()
        try:
            self._enter("LAUNCHING")
            root = self._launch()
            with self._phase("Prepare", "PREPARING"):
                plan = prepare(scene, root)
            with self._phase("Transfer", "TRANSFERRING"):
                transfer(scene, plan)
            with self._phase("Verify", "VERIFYING"):
                verify(scene, plan)
            self._judge()
        except RunError as error:
            self._fail(error.code, error.detail)
        except (BotoCoreError, ClientError) as error:
            self._fail("DestinationError", f"{scene.destination_uri}: {error}")
        self._end(plan)

    def break_off(self, code: str, detail: str) -> None:
        """End the execution with ERROR from outside."""
        self._fail(code, detail)
        self._document["EndTime"] = now()
        self._show("ERROR")

    @contextmanager
    def _phase(self, name: str, status: str) -> Iterator[None]:
        """Enter a phase, time it, and say in the result how it ended."""
        result: Document = self._document["Result"]
        self._enter(status)
        begun = time.monotonic()
        try:
            if faults.strike("fail_execution", self.task.arn, status):
                raise RunError("InjectedFault", f"A fault was injected into {status}.")
            yield
        except BaseException:
            result[f"{name}Status"] = "ERROR"
            raise
        else:
            result[f"{name}Status"] = "SUCCESS"
        finally:
            result[f"{name}Duration"] = _milliseconds(begun)

    def _enter(self, status: str) -> None:
        self._scene.stop_if_cancelled()
        self._document["Status"] = status
        self._scene.log.note(f"Execution {self.execution.identifier}: {status}")
        events.send_state(self.task, self.execution)

    def _launch(self) -> Path:
        """Find both ends. Raises RunError with what to do."""
        scene = self._scene
        root = scene.source.directory
        if root is None or not root.is_dir():
            detail = f"{scene.source_uri} does not exist: make the directory, or correct the location."
            raise RunError("SourceNotFound", detail)
        try:
            scene.destination.check()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            detail = f"{scene.destination_uri} cannot be reached ({code}): create the bucket, or let the role."
            raise RunError("DestinationNotFound", detail) from error
        return root

    def _judge(self) -> None:
        """An execution that came to its end has failed nevertheless when a file was lost on the way."""
        result: Document = self._document["Result"]
        if self._scene.mismatches:
            result["VerifyStatus"] = "ERROR"
            self._fail("VerificationMismatch", MISMATCHES)
        elif self._scene.problems:
            result["TransferStatus"] = "ERROR"
            self._fail("FilesSkipped", SKIPPED)

    def _fail(self, code: str, detail: str) -> None:
        result: Document = self._document["Result"]
        result["ErrorCode"] = code
        result["ErrorDetail"] = detail
        self._scene.log.note(f"{code}: {detail}")

    def _end(self, plan: Plan) -> None:
        """Write report, logs and metrics, then show the final state, and at the very last send its event."""
        document = self._document
        document["EndTime"] = now()
        document["Result"]["TotalDuration"] = _milliseconds(self._begun)
        status = "ERROR" if "ErrorCode" in document["Result"] else "SUCCESS"
        self._write_report(status)
        self._scene.log.note(f"Execution {self.execution.identifier}: {status}")
        self._scene.log.send()
        events.send_metrics(
            self.task,
            {
                "BytesPreparedSource": plan.source_bytes,
                "BytesPreparedDestination": document["EstimatedBytesToTransfer"],
                "BytesTransferred": document["BytesTransferred"],
                "BytesWritten": document["BytesWritten"],
                "BytesVerifiedSource": self._scene.verified_bytes,
                "BytesVerifiedDestination": self._scene.verified_bytes,
                "FilesPreparedSource": plan.source_files,
                "FilesPreparedDestination": document["EstimatedFilesToTransfer"],
                "FilesTransferred": document["FilesTransferred"],
                "FilesVerifiedSource": document["FilesVerified"],
                "FilesVerifiedDestination": document["FilesVerified"],
            },
        )
        self._show(status)

    def _show(self, status: str) -> None:
        """Let everybody see the final state. The task is free before the event goes out, for whoever reacts to it."""
        with self.task.lock:
            self.execution.document = self._document | {"Status": status}
            self.task.running = None
        events.send_state(self.task, self.execution)

    def _write_report(self, status: str) -> None:
        scene, document = self._scene, self._document
        if not scene.report:
            return
        summary = {
            "TaskExecutionId": self.execution.identifier,
            "AccountId": self.task.account,
            "SourceLocation": scene.source_uri,
            "DestinationLocation": scene.destination_uri,
            **{key: value for key, value in document.items() if key not in ("TaskReportConfig", "ReportResult")},
            "Status": status,
        }
        try:
            scene.report.finish(summary)
            document["ReportResult"] = {"Status": "SUCCESS"}
        except (BotoCoreError, ClientError) as error:
            document["ReportResult"] = {"Status": "ERROR", "ErrorCode": "ReportFailed", "ErrorDetail": str(error)}
            scene.log.note(f"The task report could not be written: {error}")


def _milliseconds(since: float) -> int:
    return int((time.monotonic() - since) * 1000)
