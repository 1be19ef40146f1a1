"""LocalStack's runtime executor on plain processes.

LocalStack keeps what lies around them: queues, retries, concurrency and warm environments.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from localstack.aws.api.lambda_ import LogFormat
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from kosha_localcloud import settings
from kosha_localcloud.lambda_executor import file_systems, messages, runtime_folder
from kosha_localcloud.lambda_executor.environment import function_environment
from kosha_localcloud.lambda_executor.runtime_api import Event
from kosha_localcloud.lambda_executor.sandbox import Blueprint, Ending, Sandbox

# AWS gives the start 10 s and then once more the time-out of the function; a busy laptop needs more.
INIT_LIMIT = 60.0


class ProcessExecutor(RuntimeExecutor):
    """One execution environment of one function version."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id=id, function_version=function_version)
        self._prepared: dict[str, object] = {}
        self._sandbox: Sandbox | None = None
        self._init_failure: Ending | None = None
        self._init_ms: float | None = None

    def start(self, env_vars: dict[str, object]) -> None:
        """Start the process. That its code fails to load is told by the first invocation, as on AWS."""
        self._prepared = env_vars
        self._sandbox = Sandbox(self._blueprint())
        self._boot()

    def stop(self) -> None:
        """End the process."""
        if self._sandbox is not None:
            self._sandbox.close()

    def get_address(self) -> str:
        """Part of the interface; nobody connects to a function."""
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """Where the function finds the local cloud."""
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """Part of the interface; the runtime API has a server of its own."""
        return ""

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run one event; starts the process again when the one before died."""
        if self._sandbox is None:
            raise RuntimeError("invoked before it was started")
        if not self._sandbox.alive() and self._init_failure is None:
            self._boot()
        config = self.function_version.config
        request_id = payload["invoke-id"]
        started = time.monotonic()
        ending = self._init_failure or self._sandbox.invoke(self._event(payload), config.timeout)
        if len(ending.body) > messages.LARGEST_RESPONSE:
            ending = Ending("too_large")
        usage = messages.Usage(
            duration=(time.monotonic() - started) * 1000,
            init=self._init_ms,
            memory_size=config.memory_size,
            memory_used=self._sandbox.peak_memory,
        )
        self._init_failure = self._init_ms = None
        now = datetime.now(UTC)
        body = self._sandbox.take_log()
        if closing := messages.closing_line(ending, request_id, config.timeout, now):
            body += f"\n{closing}"
        log = messages.framed_log(
            body,
            request_id,
            self.function_version.id.qualifier,
            usage,
            as_json=config.logging_config.get("LogFormat") == LogFormat.JSON,
            now=now,
        )
        answer = ending.body or messages.error_document(ending, request_id, config.timeout)
        return InvocationResult(request_id, answer, is_error=ending.kind != "response", logs=log)

    def get_logs(self) -> str:
        """What the process has written lately."""
        return "" if self._sandbox is None else self._sandbox.take_log()

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack the code and its layers. Raises ValueError; LocalStack shows its message as reason of the state."""
        config = function_version.config
        if not (config.runtime or "").startswith("python3."):
            raise ValueError(
                f"the local cloud runs Python functions from zips; {config.runtime or 'an image'} is neither"
            )
        for code in (config.code, *(layer.code for layer in config.layers)):
            code.prepare_for_execution()
        file_systems.check(config)

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing is left: LocalStack removes the unpacked code."""

    @classmethod
    def validate_environment(cls) -> bool:
        """Processes need nothing that could be missing."""
        return True

    def _boot(self) -> None:
        if self._sandbox is None:
            raise RuntimeError("booted before it was started")
        started = time.monotonic()
        plan = self._sandbox.blueprint
        environment = function_environment(
            self._prepared,
            self.function_version.config.environment or {},
            runtime=self.function_version.config.runtime,
            task_root=str(plan.code),
            runtime_folder=str(plan.runtime_folder),
            endpoint=settings.endpoint(),
        )
        try:
            mounts = file_systems.mounts(self.function_version.config)
        except KeyError as error:
            self._init_failure = messages.mount_failure(str(error.args[0]))
            return
        self._init_failure = self._sandbox.start(environment, mounts, INIT_LIMIT)
        self._init_ms = (time.monotonic() - started) * 1000

    def _blueprint(self) -> Blueprint:
        config = self.function_version.config
        return Blueprint(
            handler=config.handler,
            code=Path(config.code.get_unzipped_code_location()),
            layers=tuple(Path(layer.code.get_unzipped_code_location()) for layer in config.layers),
            runtime_folder=runtime_folder.prepare(settings.work_directory() / "lambda-runtime"),
            clock_file=settings.clock_file(),
            log_file=settings.work_directory() / "function-logs" / f"{self.id}.log",
            memory=config.memory_size,
        )

    def _event(self, payload: dict[str, str]) -> Event:
        return Event(
            request_id=payload["invoke-id"],
            payload=payload["payload"].encode(),
            deadline_ms=int((time.time() + self.function_version.config.timeout) * 1000),
            function_arn=payload["invoked-function-arn"],
            trace_id=payload["trace-id"],
        )
