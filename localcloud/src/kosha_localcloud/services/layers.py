"""Layers of functions: one whose last version is deleted is in no list, and its next version has the next number.

https://docs.aws.amazon.com/lambda/latest/api/API_ListLayers.html lists the latest version of each; LocalStack, which
keeps a layer without versions, fails there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.lambda_.provider import LambdaProvider
from localstack.utils.patch import patch


def install() -> None:
    """Put layers without versions aside, and bring them back for the next one."""
    aside: dict[tuple[str, str, str], Any] = {}

    @patch(LambdaProvider.delete_layer_version)
    def delete_layer_version(
        fn: Callable[..., None], self: LambdaProvider, context: RequestContext, layer_name: str, **more: Any
    ) -> None:
        fn(self, context, layer_name, **more)
        region, account, name, _ = self._resolve_layer(layer_name, context)
        layers = lambda_stores[account][region].layers
        with self.create_layer_lock:
            if name in layers and not layers[name].layer_versions:
                aside[account, region, name] = layers.pop(name)

    @patch(LambdaProvider.publish_layer_version)
    def publish_layer_version(
        fn: Callable[..., Any], self: LambdaProvider, context: RequestContext, layer_name: str, **more: Any
    ) -> Any:
        with self.create_layer_lock:
            known = aside.pop((context.account_id, context.region, layer_name), None)
            if known is not None:
                lambda_stores[context.account_id][context.region].layers[layer_name] = known
        return fn(self, context, layer_name, **more)
