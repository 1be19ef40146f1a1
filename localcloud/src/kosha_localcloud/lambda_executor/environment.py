"""What a function sees in its environment: its own variables and those that Lambda sets. Pure.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

from collections.abc import Mapping

# Set by LocalStack for its own agent, unknown on AWS.
_NOT_ON_AWS = ("LOCALSTACK_", "EDGE_PORT", "AWS_LAMBDA_FUNCTION_TIMEOUT")


def function_environment(
    prepared: Mapping[str, object],
    own: Mapping[str, str],
    *,
    runtime: str,
    task_root: str,
    runtime_folder: str,
    endpoint: str,
) -> dict[str, str]:
    """The environment of the process, but for AWS_LAMBDA_RUNTIME_API.

    `prepared` is what LocalStack made; `own` are the function's own variables.
    """
    variables = {name: str(value) for name, value in prepared.items() if not name.startswith(_NOT_ON_AWS)} | {**own}
    variables.setdefault("LANG", "en_US.UTF-8")
    variables.setdefault("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin")
    variables.setdefault("AWS_ENDPOINT_URL", endpoint)
    # no request to the metadata service of EC2, which is not there
    variables.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    return variables | {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "LAMBDA_TASK_ROOT": task_root,
        "LAMBDA_RUNTIME_DIR": runtime_folder,
    }
