"""State per account and region, as AWS keeps it."""

from collections.abc import Callable, Iterator
from threading import RLock
from typing import Any


class Regional[State]:
    """One `State` for each account and region, made when first asked for.

    It lives in memory: like all of LocalStack's state it ends with the process.
    """

    def __init__(self, make: Callable[[], State]) -> None:
        self._make = make
        self._states: dict[tuple[str, str], State] = {}
        self._lock = RLock()

    def of(self, context: Any) -> State:
        """Give the state of the account and region the request is for."""
        return self.at(context.account_id, context.region)

    def at(self, account: str, region: str) -> State:
        """Give the state of this account and region."""
        with self._lock:
            key = (account, region)
            if key not in self._states:
                self._states[key] = self._make()
            return self._states[key]

    def everywhere(self) -> Iterator[tuple[str, str, State]]:
        """Give (account, region, state) for each state there is."""
        with self._lock:
            states = list(self._states.items())
        for (account, region), state in states:
            yield account, region, state
