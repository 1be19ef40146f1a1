"""The control calls below /_kosha/ (README.md has the table)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from localstack.http import Request
from localstack.services.plugins import SERVICE_PLUGINS

from kosha_localcloud import settings
from kosha_localcloud.access.enforcement import SWITCH
from kosha_localcloud.clock.keeper import Keeper
from kosha_localcloud.clock.work import WORK
from kosha_localcloud.gateway import faults
from kosha_localcloud.gateway.endpoints import Action, BadRequestError, body, serve
from kosha_localcloud.gateway.handlers import CALLS, FAULTS
from kosha_localcloud.gateway.regions import REGIONS, RegionError
from kosha_localcloud.mailbox import MAILBOX

LONGEST_SETTLE = 86_400  # seconds
CALL_FILTERS = ("service", "operation", "region", "access_key", "principal", "status", "error")


def install(keeper: Keeper) -> None:
    """Serve the control calls."""
    control = Control(keeper)
    calls: dict[str, dict[str, Action]] = {
        "status": {"GET": control.status},
        "clock": {"GET": control.show_clock},
        "clock/advance": {"POST": control.advance_clock},
        "schedules": {"GET": control.list_schedules},
        "schedules/rest": {"POST": control.rest_schedules, "DELETE": control.wake_schedules},
        "regions": {"GET": control.list_regions, "POST": control.set_region},
        "alarms/evaluate": {"POST": control.evaluate_alarms},
        "alarms/rest": {"POST": control.rest_alarms, "DELETE": control.wake_alarms},
        "access": {"GET": control.show_access, "POST": control.set_access},
        "calls": {"GET": control.list_calls, "DELETE": control.clear_calls},
        "calls/counts": {"GET": control.count_calls},
        "faults": {"GET": control.list_faults, "POST": control.add_faults, "DELETE": control.remove_faults},
        "mailbox": {"GET": control.list_mails, "DELETE": control.clear_mails},
    }
    for name, actions in calls.items():
        serve(name, actions)


class Control:
    """One method for each control call; each gives the document to answer with."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def status(self, request: Request) -> Any:
        """Which instance is this and what does it serve?"""
        return {
            "instance_id": settings.instance_id(),
            "port": settings.port(),
            "directory": str(settings.directory()),
            "clock": self.show_clock(request),
            "access": SWITCH.describe(),
            "services": sorted(SERVICE_PLUGINS.list_available()),
            "busy": WORK.under_way(),
        }

    def show_clock(self, _: Request) -> Any:
        """The time now, and how far it is ahead of real time."""
        clock = self._keeper.clock
        return {"now": clock.now().isoformat(), "offset_seconds": clock.offset.total_seconds()}

    def advance_clock(self, request: Request) -> Any:
        """Put the clock forward by `seconds` or `to` a time; answers when everything that fell due is done."""
        wanted = body(request)
        if not isinstance(wanted, dict) or len({"seconds", "to"} & set(wanted)) != 1:
            raise BadRequestError('send {"seconds": 1800} or {"to": "2026-01-31T12:00:00Z"}')
        limit = wanted.get("settle_seconds", 300)
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 < limit <= LONGEST_SETTLE:
            raise BadRequestError(f"settle_seconds is {limit!r}; use a number above 0, at most {LONGEST_SETTLE}")
        target = self._target(wanted)
        fired = self._keeper.advance(target, timedelta(seconds=limit))
        return {
            "clock": self.show_clock(request),
            "fired": [{"time": firing.moment.isoformat(), "schedule": firing.key} for firing in fired],
        }

    def _target(self, wanted: dict[str, Any]) -> datetime | timedelta:
        now = self._keeper.clock.now()
        try:
            if "seconds" in wanted:
                step = timedelta(seconds=float(wanted["seconds"]))
                moment = now + step
            else:
                moment = datetime.fromisoformat(wanted["to"])
                moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (TypeError, ValueError, OverflowError) as error:
            raise BadRequestError(f"wrong time: {error}; send a number of seconds or an ISO time") from error
        if moment < now:
            raise BadRequestError(f"{moment.isoformat()} is before {now.isoformat()}: the clock only goes forward")
        return step if "seconds" in wanted else moment

    def list_schedules(self, _: Request) -> Any:
        """Every schedule that can fire, and when it does next."""
        return self._keeper.timeline.overview()

    def rest_schedules(self, request: Request) -> Any:
        """Let all schedules rest `but` those whose name fits a pattern; what falls due meanwhile is missed."""
        wanted = body(request)
        but = wanted.get("but") if isinstance(wanted, dict) else None
        if not isinstance(but, list) or not all(isinstance(each, str) for each in but):
            raise BadRequestError('send {"but": ["*-transfer-starter", "*backup-plan*"]}, or {"but": []} for none')
        self._keeper.timeline.rest(but)
        return {"but": but}

    def wake_schedules(self, _: Request) -> Any:
        """Let every schedule fire again, from now on."""
        self._keeper.timeline.rest(None)
        return {}

    def list_regions(self, _: Request) -> Any:
        """The regions that are stopped."""
        return {"stopped": REGIONS.describe()}

    def set_region(self, request: Request) -> Any:
        """Stop a region, or let it run."""
        wanted = body(request)
        if not isinstance(wanted, dict) or set(wanted) != {"region", "state"} or not isinstance(wanted["region"], str):
            raise BadRequestError('send {"region": "ap-south-1", "state": "stopped"}')
        try:
            REGIONS.set(wanted["region"], wanted["state"])
        except RegionError as error:
            raise BadRequestError(str(error)) from error
        return self.list_regions(request)

    def evaluate_alarms(self, request: Request) -> Any:
        """Look at alarms now, by `name` (a pattern), as CloudWatch does every minute."""
        from kosha_localcloud.services import alarms

        wanted = body(request)
        if not isinstance(wanted, dict) or not isinstance(wanted.get("name"), str):
            raise BadRequestError('send {"name": "kosha-local-*"}')
        return alarms.evaluate(wanted["name"])

    def rest_alarms(self, _: Request) -> Any:
        """Look at alarms when asked to, and not by time."""
        from kosha_localcloud.services import alarms

        alarms.RESTING.set()
        return {}

    def wake_alarms(self, _: Request) -> Any:
        """Look at alarms by time again."""
        from kosha_localcloud.services import alarms

        alarms.RESTING.clear()
        return {}

    def show_access(self, _: Request) -> Any:
        """Are calls decided, and which were not because nobody knows what they act on?"""
        return SWITCH.describe()

    def set_access(self, request: Request) -> Any:
        """Decide calls from now on, or let everybody do anything."""
        wanted = body(request)
        if not isinstance(wanted, dict) or not isinstance(wanted.get("enforce"), bool) or len(wanted) != 1:
            raise BadRequestError('send {"enforce": true} or {"enforce": false}')
        SWITCH.enforce = wanted["enforce"]
        return SWITCH.describe()

    def list_calls(self, request: Request) -> Any:
        """The call log; every query parameter narrows it."""
        unknown = sorted(set(request.args) - set(CALL_FILTERS))
        if unknown:
            raise BadRequestError(f"unknown filter {unknown[0]!r}; use {', '.join(CALL_FILTERS)}")
        return CALLS.find(**request.args.to_dict())

    def count_calls(self, _: Request) -> Any:
        """Who called what, and how often."""
        return CALLS.counts()

    def clear_calls(self, _: Request) -> Any:
        """Forget the calls so far."""
        CALLS.clear()
        return {}

    def list_faults(self, _: Request) -> Any:
        """The faults in force."""
        return FAULTS.describe()

    def add_faults(self, request: Request) -> Any:
        """Put one fault or a list of faults in force."""
        wanted = body(request)
        documents = wanted if isinstance(wanted, list) else [wanted]
        try:
            if not all(isinstance(document, dict) for document in documents):
                raise faults.FaultError('send a fault or a list of faults, e.g. {"service": "s3", "kind": "throttle"}')
            parsed = [faults.parse(document) for document in documents]
        except faults.FaultError as error:
            raise BadRequestError(str(error)) from error
        FAULTS.add(parsed)
        return [fault.describe() for fault in parsed]

    def remove_faults(self, request: Request) -> Any:
        """Take away the fault with this id, or all faults."""
        wanted = request.args.get("id")
        if wanted is not None and not wanted.isdecimal():
            raise BadRequestError(f"id is {wanted!r}; use the id that GET /_kosha/faults shows")
        return {"removed": FAULTS.remove(None if wanted is None else int(wanted))}

    def list_mails(self, _: Request) -> Any:
        """What SNS sent by e-mail."""
        return MAILBOX.list()

    def clear_mails(self, _: Request) -> Any:
        """Empty the mailbox."""
        MAILBOX.clear()
        return {}
