"""AWS Config: the tag by which a rule chooses its resources; moto keeps it under another name and never shows it."""

from typing import Any

from localstack.utils.patch import patch
from moto.config.models import Scope


def install() -> None:
    """Correct the scope of a rule."""

    @patch(Scope.__init__)
    def make(original: Any, scope: Any, *args: Any, **kwargs: Any) -> None:
        original(scope, *args, **kwargs)
        for key, value in (scope.tags or {}).items():
            scope.tag_key, scope.tag_value = key, value
        scope.tags = None
