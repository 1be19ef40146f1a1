"""The entry point by which LocalStack finds the executor."""

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Chosen with LAMBDA_RUNTIME_EXECUTOR=process."""

    name = "process"

    def load(self, *_args: object, **_kwargs: object) -> object:
        """Give LocalStack the executor class (loaded late: LocalStack looks at every plug-in when it starts)."""
        from kosha_localcloud.lambda_executor.executor import ProcessExecutor

        return ProcessExecutor
