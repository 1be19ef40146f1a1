"""What log_alerter tells people: one notice for the groups of a rule that are due."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta

from common.notices import Detail, Listing, Notice
from log_alerter.domain import ANY, Rule
from log_alerter.memory import OTHERS, Group, Outgoing

SOURCE = "log_alerter"
MATCHED, REPEATED = "logs.matched", "logs.repeated"
AROUND = timedelta(minutes=5)


def notice(environment: str, filter_name: str, rule: Rule, outgoing: Outgoing) -> Notice:
    """The notice. The same ``outgoing`` gives the same one, whenever it is sent."""
    lines = sum(each.count for each in outgoing.groups)
    what = f"{rule.title}: {_number(lines, 'log line')} of {_number(len(outgoing.groups), 'kind')}"
    if outgoing.is_repetition:
        what = f"{rule.title}: more of the same, {_number(lines, 'log line')} suppressed since the last notice"
    return Notice(
        kind=REPEATED if outgoing.is_repetition else MATCHED,
        severity=rule.severity,
        environment=environment,
        source=SOURCE,
        occurred_at=outgoing.at,
        summary=what,
        runbook=rule.runbook,
        dedupe_key=f"{filter_name}/{rule.name} {outgoing.id}",
        details={
            "rule": f"{filter_name}/{rule.name}",
            "lines": lines,
            "groups": Listing([_describe(each) for each in outgoing.groups], len(outgoing.groups)),
            "look": insights(rule, outgoing),
        },
    )


def _describe(group: Group) -> Mapping[str, Detail]:
    facts: dict[str, Detail] = {
        "count": group.count,
        "first": _moment(group.first),
        "last": _moment(group.last),
        "log_group": group.log_group,
        "stream": group.stream,
        "example": group.example,
        "fingerprint": group.fingerprint,
    }
    if group.values:
        facts["values"] = group.values
    if group.fingerprint == OTHERS:
        facts["note"] = "lines of further kinds, counted together: look at the log"
    return facts


def insights(rule: Rule, outgoing: Outgoing) -> str:
    """The command that asks CloudWatch Logs Insights for the lines."""
    log_groups = sorted({each.log_group for each in outgoing.groups})
    first = min((each.first for each in outgoing.groups if each.first), default=outgoing.at)
    last = max((each.last for each in outgoing.groups if each.last), default=outgoing.at)
    query = f"fields @timestamp, @logStream, @message | filter {_condition(rule)} | sort @timestamp | limit 200"
    begin, end = int((first - AROUND).timestamp()), int((last + AROUND).timestamp())
    span = ["--start-time", str(begin), "--end-time", str(end)]
    what = ["--query-string", query, "--log-group-names", *log_groups]
    return shlex.join(["aws", "logs", "start-query", *span, *what])


def _condition(rule: Rule) -> str:
    terms = " or ".join(f'@message like "{term}"' for term in rule.terms)
    fields = [
        f"ispresent({path})"
        if ANY in values
        else f"{path} in [{', '.join(str(each) if isinstance(each, int) else f'"{each}"' for each in values)}]"
        for path, values in (rule.fields or {}).items()
    ]
    return " and ".join([*([f"({terms})"] if terms else []), *fields])


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
