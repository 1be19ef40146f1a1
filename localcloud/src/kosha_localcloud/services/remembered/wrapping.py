"""Changing single operations of LocalStack's own providers, before they are made."""

import functools
from collections.abc import Callable
from typing import Any


def wrap(provider: Any, method: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace `provider.method` by a function that is called with the original one before its own arguments."""
    original = getattr(provider, method)

    def replace(function: Callable[..., Any]) -> Callable[..., Any]:
        # LocalStack recognises an operation by attributes of the function: functools.wraps hands them over.
        @functools.wraps(original)
        def replacement(*args: Any, **kwargs: Any) -> Any:
            return function(original, *args, **kwargs)

        setattr(provider, method, replacement)
        return function

    return replace
