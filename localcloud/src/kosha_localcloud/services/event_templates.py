"""Numbers in the text that an EventBridge rule makes of an event.

LocalStack fills numbers into a template that is an object only; in a text they lose the event, and no log says so.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def install() -> None:
    """Fill them in as JSON writes them."""
    from localstack.services.events import target
    from localstack.utils.patch import patch

    @patch(target.replace_template_placeholders)
    def replace_template_placeholders(fn: Callable[..., Any], template: str, replacements: dict[str, Any]) -> Any:
        if not template.strip().startswith("{"):
            replacements = {name: _text(value) for name, value in replacements.items()}
        return fn(template, replacements)


def _text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, int | float) else value
