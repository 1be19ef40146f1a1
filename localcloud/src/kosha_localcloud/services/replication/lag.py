"""How late replicas are, by the local cloud's clock: `/_kosha/replication/lag`.

`POST {"seconds": 60, "jitter": 30, "seed": 7}`: what is written at a time T is in the destination when the clock passes
T + `seconds`, and up to `jitter` seconds more, drawn anew for each version; the same seed and the same writes give the
same lags. What waits already keeps its time. `GET` shows the setting, `DELETE` goes back to none: at once.
"""

import random
import threading
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from localstack.http import Request

from kosha_localcloud.gateway.endpoints import LONGEST_LAG, BadRequestError, body, is_lag, serve


@dataclass(frozen=True)
class Setting:
    """Seconds, and what the draws begin from."""

    seconds: float = 0
    jitter: float = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for what is no lag."""
        for name, value in (("seconds", self.seconds), ("jitter", self.jitter)):
            if not is_lag(value):
                raise ValueError(f"{name} is {value!r}; use a number of seconds from 0 to {LONGEST_LAG:.0f}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise ValueError(f"seed is {self.seed!r}; use a whole number")


class Lag:
    """The setting in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set(Setting())

    def _set(self, setting: Setting) -> None:
        with self._lock:
            self._setting, self._draws = setting, random.Random(setting.seed)  # noqa: S311 (no secret)

    def after(self, moment: datetime) -> datetime:
        """When what is written at `moment` arrives."""
        with self._lock:
            late = self._setting.seconds + self._draws.uniform(0, self._setting.jitter)
        return moment + timedelta(seconds=late)

    def serve(self) -> None:
        """Register the address."""
        serve("replication/lag", {"GET": self._show, "POST": self._change, "DELETE": self._reset})

    def _show(self, _: Request) -> dict[str, Any]:
        return asdict(self._setting)

    def _change(self, request: Request) -> dict[str, Any]:
        given = body(request)
        if not isinstance(given, dict) or set(given) - set(asdict(Setting())):
            raise BadRequestError('send {"seconds": 600, "jitter": 60, "seed": 1}, or some of them')
        try:
            self._set(Setting(**given))
        except ValueError as error:
            raise BadRequestError(str(error)) from error
        return self._show(request)

    def _reset(self, request: Request) -> dict[str, Any]:
        self._set(Setting())
        return self._show(request)


lag = Lag()
