"""Messages of HL7 v2 (ADT and ORU): checked, de-identified, and put into the data lake, each once.

What is kept of a message is a message of its own, with the same segments and fields at the same places
(https://www.hl7.org/implement/standards/product_brief.cfm?product_id=185, chapters 2, 3 and 7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import hl7

from pipelines.ingest.hospital.deidentify import Pseudonyms, rules
from pipelines.ingest.hospital.sink import Consent, Lake, Quarantine
from pipelines.ingest.problems import IngestError, Refused

TYPES = ("ADT", "ORU")
CODED = ("CE", "CWE", "CNE")
_SEPARATORS = "^~\\&"
_NUMBER = re.compile(r"[<>]?=?\^?-?\d+(\.\d+)?(\^[-:/+]?(\^\d+(\.\d+)?)?)?")
_DAY = re.compile(r"(\d{8})(\d{2,6}(\.\d+)?)?([+-]\d{4})?")
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
# Table 0498 of HL7: the consent in a CON segment.
_CONSENT = {"A": Consent.GIVEN, "R": Consent.WITHDRAWN, "X": Consent.WITHDRAWN}


@dataclass(frozen=True)
class Taken:
    """A message that is in the lake. ``is_new`` is false when it was there before."""

    control_id: str
    is_new: bool


def parse(text: str) -> hl7.Message:
    """A message, from its text; raises :class:`Refused` without a value of it."""
    lines = [line for line in re.split(r"[\r\n]+", text) if line.strip()]
    if not lines or not lines[0].startswith(f"MSH|{_SEPARATORS}|"):
        raise Refused(f"this is no message of HL7 v2: it does not begin with MSH|{_SEPARATORS}|")
    if any(not _NAME.fullmatch(line.split("|", 1)[0]) for line in lines):
        raise Refused("the message has a line that is no segment")
    return hl7.parse("\r".join(lines))


def field(message: hl7.Message, segment: str, number: int) -> str:
    """The text of a field of the first such segment; empty when there is none."""
    try:
        return str(message.segment(segment)[number])
    except (KeyError, IndexError):
        return ""


def split_batch(text: str) -> list[str]:
    """The messages of a file: one, several, or batches with their counts (FHS, BHS, BTS, FTS).

    Raises:
        IngestError: a count says that the file is cut off.
    """
    messages: list[list[str]] = []
    batches, in_batch = 0, 0
    lines = [each for each in re.split(r"[\r\n]+", text) if each.strip()]
    for line in lines:
        name = line[:3]
        if name == "MSH":
            messages.append([])
            in_batch += 1
        if name == "BHS":
            in_batch = 0
        elif name == "BTS":
            batches += 1
            _compare(line, in_batch, "messages")
        elif name == "FTS":
            _compare(line, batches, "batches")
        elif name != "FHS":
            if not messages:
                raise IngestError("the file does not begin with a message (MSH) or a batch (FHS, BHS)")
            messages[-1].append(line)
    if not messages:
        raise IngestError("there is no message in the file")
    if lines[0].startswith("FHS") and not lines[-1].startswith("FTS"):
        raise IngestError("the file begins a batch (FHS) that does not end (FTS); it is cut off")
    return ["\r".join(segments) for segments in messages]


def _compare(line: str, found: int, what: str) -> None:
    said = line.split("|")[1].strip() if "|" in line else ""
    if said and said != str(found):
        raise IngestError(f"{line[:3]} says {said} {what}, but there are {found}; the file is cut off")


@dataclass(frozen=True)
class Intake:
    """Takes messages into the lake; what it refuses goes to quarantine."""

    lake: Lake
    pseudonyms: Pseudonyms
    quarantine: Quarantine

    def take(self, text: str, today: date) -> Taken:
        """Store a message.

        Raises:
            Refused: the message cannot be taken; it is in quarantine when this is raised.
            IngestError: S3 does not take it; it is nowhere, and the sender must send it again.
        """
        try:
            message = parse(text)
            control_id, consent = _look_at(message)
            pseudonym, kept = deidentify_message(message, self.pseudonyms, today)
        except Refused as reason:
            self.quarantine.keep({"message": text}, [str(reason)])
            raise
        # The sender numbers its messages: the same number from the same sender is the same message.
        sender = "|".join((field(message, "MSH", 3), field(message, "MSH", 4), control_id))
        part = f"hl7-{self.pseudonyms.of('Message', sender)}"
        return Taken(control_id, self.lake.store_once(pseudonym, part, "hl7", kept, consent))


def _look_at(message: hl7.Message) -> tuple[str, Consent]:
    kind, control_id = field(message, "MSH", 9).split("^")[0], field(message, "MSH", 10)
    if kind not in TYPES:
        raise Refused(f"MSH-9: the message is no {' or '.join(TYPES)}")
    if not control_id:
        raise Refused("MSH-10: the message has no control id")
    if kind == "ORU" and not field(message, "OBX", 3):
        raise Refused("ORU: the message has no result (OBX-3)")
    consent = _CONSENT.get(field(message, "CON", 11), Consent.NONE)
    if consent is Consent.WITHDRAWN:
        raise Refused("CON-11: the patient's consent is withdrawn or refused")
    return control_id, consent


def deidentify_message(message: hl7.Message, pseudonyms: Pseudonyms, today: date) -> tuple[str, str]:
    """(pseudonym of the patient, text of what is kept) of a message; raises :class:`Refused` when it is of nobody."""
    patient = field(message, "PID", 3).split("~")[0].split("^")[0].strip()
    if not patient:
        raise Refused("PID-3: the message names no patient")
    pseudonym = pseudonyms.of("Patient", patient)
    worker = _Worker(pseudonym, timedelta(days=pseudonyms.days_back(patient)), today)
    return pseudonym, "".join(f"{line}\r" for line in worker.segments(message))


@dataclass(frozen=True)
class _Worker:
    pseudonym: str
    shift: timedelta
    today: date

    def segments(self, message: hl7.Message) -> Iterator[str]:
        for segment in message:
            name = str(segment[0])
            if fields := rules().segments.get(name):
                kept = [self._field(segment, number, fields.get(number)) for number in range(1, max(fields) + 1)]
                if name == "MSH":
                    kept = [_SEPARATORS, *kept[2:]]
                yield "|".join([name, *kept]).rstrip("|")

    def _field(self, segment: hl7.Segment, number: int, rule: str | None) -> str:
        text = str(segment[number]) if rule and number < len(segment) else ""
        match rule if text else None:
            case "keep":
                return text
            case "pseudonym":
                return self.pseudonym
            case "code":
                return _code(text)
            case "value":
                kind = str(segment[2])
                return (
                    _code(text) if kind in CODED else text if kind in ("NM", "SN") and _NUMBER.fullmatch(text) else ""
                )
            case "date":
                return self._date(text)
            case "birth":
                is_old = not text[:4].isdigit() or self.today.year - int(text[:4]) > rules().oldest_age
                return "" if is_old else self._date(text)
        return ""

    def _date(self, text: str) -> str:
        if match := _DAY.fullmatch(text):
            try:
                day = datetime.strptime(match[1], "%Y%m%d").date() - self.shift
            except ValueError:
                return ""
            return f"{day:%Y%m%d}{text[8:]}"
        return text[:4] if re.fullmatch(r"\d{4}(\d{2})?", text) else ""


def _code(text: str) -> str:
    """Identifier and system of each repetition of a coded element."""
    coded = []
    for each in text.split("~"):
        components = each.split("^")
        coded.append(f"{components[0]}^^{components[2]}" if len(components) > 2 else components[0])
    return "~".join(coded)
