"""What log_alerter remembers of one filter: lines it has counted, groups, when it told, and notices on their way.

A notice is first written down (``outbox``) and then sent, so neither a failing SNS nor a killed function loses it. Who
writes it down sends it; when that has not happened after ``CLAIM``, whoever comes next does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from log_alerter.domain import Line, Rule
from log_alerter.masking import shown

# CloudWatch Logs delivers at least once, and Lambda keeps what it could not deliver for six hours at most.
REMEMBER_IDS = timedelta(hours=6)
# Newer ids put older ones out: a document of some 150 KB.
IDS = 5000
# Kinds of lines of one rule at a time; lines of further kinds are counted together.
GROUPS = 100
OTHERS = "others"
# Longer than a run may take.
CLAIM = timedelta(minutes=3)


@dataclass
class Group:
    """Lines that are the same thing again. ``count`` and what follows are those that nobody was told of yet."""

    fingerprint: str
    log_group: str
    values: dict[str, str]
    told_at: datetime | None = None
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    stream: str = ""
    example: str = ""

    def add(self, line: Line) -> None:
        """Count a line; the first one is the example."""
        if self.count == 0:
            self.example, self.stream = shown(line.message), line.stream
        self.count += 1
        self.first = min(self.first or line.at, line.at)
        self.last = max(self.last or line.at, line.at)

    def is_due(self, now: datetime, window: timedelta) -> bool:
        """Whether it is time to tell of it."""
        return self.count > 0 and (self.told_at is None or now >= self.told_at + window)

    def is_over(self, now: datetime, window: timedelta) -> bool:
        """Whether it can be forgotten."""
        return self.count == 0 and (self.told_at is None or now >= self.told_at + window)

    def told(self, now: datetime) -> Group:
        """The group after people were told: it counts anew."""
        return Group(self.fingerprint, self.log_group, self.values, told_at=now)


@dataclass(frozen=True)
class Outgoing:
    """A notice that is written down. ``claimed_at`` is when somebody began to send it."""

    id: str
    rule: str
    at: datetime
    claimed_at: datetime
    groups: tuple[Group, ...]

    @property
    def is_repetition(self) -> bool:
        """Whether people know all of its groups already."""
        return all(each.told_at is not None for each in self.groups)


@dataclass
class RuleMemory:
    """``notices`` are the times of those of the last window."""

    notices: list[datetime] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)


@dataclass
class Memory:
    """Of one filter. ``seen``: id (shortened) -> when it was counted."""

    seen: dict[str, int] = field(default_factory=dict)
    rules: dict[str, RuleMemory] = field(default_factory=dict)
    outbox: list[Outgoing] = field(default_factory=list)

    def count(self, rule: Rule, lines: Iterable[Line], now: datetime) -> int:
        """Count the lines that were not counted before; how many those are."""
        remembered = self.rules.setdefault(rule.name, RuleMemory())
        added = 0
        for line in lines:
            key = _short(line.id)
            if key in self.seen:
                continue
            self.seen[key] = int(now.timestamp())
            added += 1
            fingerprint = rule.fingerprint(line)
            if fingerprint not in remembered.groups and len(remembered.groups) >= GROUPS:
                fingerprint = OTHERS
            group = remembered.groups.get(fingerprint)
            if group is None:
                values = {} if fingerprint == OTHERS else {path: shown(v, 200) for path, v in rule.values(line).items()}
                group = remembered.groups[fingerprint] = Group(fingerprint, line.log_group, values)
            group.add(line)
        return added

    def write_down(self, rule: Rule, now: datetime) -> bool:
        """Write down the notice that is due, if one is and the limit allows it; whether there was one."""
        remembered = self.rules.get(rule.name)
        if remembered is None:
            return False
        due = [each for each in remembered.groups.values() if each.is_due(now, rule.window)]
        sent = [moment for moment in remembered.notices if moment > now - rule.window]
        if not due or len(sent) >= rule.limit:
            return False
        digest = _short(f"{rule.name} {now.isoformat()} {' '.join(each.fingerprint for each in due)}")
        self.outbox.append(Outgoing(digest, rule.name, now, now, tuple(due)))
        remembered.notices = [*sent, now]
        for each in due:
            remembered.groups[each.fingerprint] = each.told(now)
        return True

    def claim_stale(self, now: datetime) -> bool:
        """Take over what somebody began to send and did not; whether there was something."""
        stale = {each.id for each in self.outbox if each.claimed_at <= now - CLAIM}
        self.outbox = [_claimed(each, now) if each.id in stale else each for each in self.outbox]
        return bool(stale)

    def claimed(self, now: datetime) -> list[Outgoing]:
        """What is claimed at exactly this moment: ours to send."""
        return [each for each in self.outbox if each.claimed_at == now]

    def settle(self, sent: set[str], failed: set[str]) -> bool:
        """Take what was sent off the list, and let go of what was not; true, for that is a change."""
        free = datetime.fromtimestamp(0, UTC)
        kept = (each for each in self.outbox if each.id not in sent)
        self.outbox = [_claimed(each, free) if each.id in failed else each for each in kept]
        return True

    def forget(self, rules: Mapping[str, Rule], now: datetime) -> bool:
        """Drop what is of no more use; whether there was something."""
        before = (len(self.seen), sum(len(each.groups) + len(each.notices) for each in self.rules.values()))
        oldest = int((now - REMEMBER_IDS).timestamp())
        fresh = {key: at for key, at in self.seen.items() if at >= oldest}
        self.seen = dict(sorted(fresh.items(), key=lambda each: each[1])[-IDS:])
        for name, remembered in list(self.rules.items()):
            rule = rules.get(name)
            if rule is None:  # the catalogue no longer has it
                del self.rules[name]
                continue
            remembered.notices = [moment for moment in remembered.notices if moment > now - rule.window]
            remembered.groups = {
                key: group for key, group in remembered.groups.items() if not group.is_over(now, rule.window)
            }
        return before != (len(self.seen), sum(len(each.groups) + len(each.notices) for each in self.rules.values()))

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Memory:
        """From the state document; an empty one means that nothing was told yet."""
        return cls(
            seen=dict(document.get("seen", {})),
            rules={
                name: RuleMemory(
                    [datetime.fromisoformat(each) for each in entry["notices"]],
                    {each["fingerprint"]: _group(each) for each in entry["groups"]},
                )
                for name, entry in document.get("rules", {}).items()
            },
            outbox=[
                Outgoing(
                    each["id"],
                    each["rule"],
                    datetime.fromisoformat(each["at"]),
                    datetime.fromisoformat(each["claimed_at"]),
                    tuple(_group(group) for group in each["groups"]),
                )
                for each in document.get("outbox", [])
            ],
        )

    def document(self) -> dict[str, Any]:
        """The state document."""
        return {
            "seen": self.seen,
            "rules": {
                name: {
                    "notices": [each.isoformat() for each in remembered.notices],
                    "groups": [_plain(each) for each in remembered.groups.values()],
                }
                for name, remembered in self.rules.items()
            },
            "outbox": [
                {
                    "id": each.id,
                    "rule": each.rule,
                    "at": each.at.isoformat(),
                    "claimed_at": each.claimed_at.isoformat(),
                    "groups": [_plain(group) for group in each.groups],
                }
                for each in self.outbox
            ],
        }


_MOMENTS = ("told_at", "first", "last")


def _plain(group: Group) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(group).items()
        if value not in (None, "", {})
    } | {"count": group.count}


def _group(entry: Mapping[str, Any]) -> Group:
    moments = {name: datetime.fromisoformat(entry[name]) for name in _MOMENTS if name in entry}
    return Group(**({"values": {}} | dict(entry) | moments))


def _claimed(outgoing: Outgoing, at: datetime) -> Outgoing:
    return Outgoing(outgoing.id, outgoing.rule, outgoing.at, at, outgoing.groups)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
