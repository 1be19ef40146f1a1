"""Every case there is, up to names that nothing can tell apart.

Policies compare tags with values that stand in them, with each other, or not at all. So a tag is one of those values,
one fresh value, the empty one, or absent; a request with any other value is decided like that with the fresh one. That
makes the search finite, and passing it a proof for the documents it was made with.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from kosha_access.evaluation import Principal, Request

from scripts.prove.documents import Documents, Side
from scripts.prove.matrix import Matrix, Object, Session, Tags

PROJECT, OTHER_PROJECT = "lambda-phage", "another-project"
SITE, OTHER_SITE = "hyd-01", "another-site"
FRESH = "value-of-nobody"
READING = ("s3:GetObject", "s3:GetObjectVersion")
TAGGING = (
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersionTagging",
)
SESSIONS: tuple[Tags, ...] = (
    {"project": PROJECT, "site": SITE},
    {"project": PROJECT},
    {"site": SITE},
    {"project": "", "site": ""},
    {},
)

# How a request reaches S3: whether the bucket takes it at all.
WIRES: dict[str, dict[str, str]] = {
    "TLS 1.3": {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"},
    "no TLS": {"aws:SecureTransport": "false"},
    "TLS 1.1": {"aws:SecureTransport": "true", "s3:TlsVersion": "1.1"},
    "an old signature": {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", "s3:signatureAge": "600001"},
}
GOOD_WIRE = "TLS 1.3"


@dataclass(frozen=True)
class Case:
    """Somebody reads an object."""

    who: Session
    what: Object
    place: str
    action: str
    wire: str = GOOD_WIRE


def _tag(name: str, *values: str) -> tuple[Tags, ...]:
    return (*({name: value} for value in values), {})


def objects(matrix: Matrix) -> Iterator[Object]:
    """Tags of every kind, in folders of every kind."""
    tags = product(
        _tag("data_class", *matrix.classes, "unclassified", FRESH),
        _tag("sensitivity", *matrix.levels, FRESH),
        _tag("project", PROJECT, OTHER_PROJECT, ""),
        _tag("site", SITE, OTHER_SITE, ""),
    )
    prefixes = {name: each["prefix"] for name, each in matrix.classes.items()}
    for each in tags:
        joined = {name: value for tag in each for name, value in tag.items()}
        own = prefixes.get(joined.get("data_class", ""), "elsewhere")
        other = next(prefix for prefix in prefixes.values() if prefix != own)
        folders = (PROJECT, OTHER_PROJECT, f"{PROJECT}-2", "")
        for folder in (*(f"{own}/{name}" for name in folders), f"{other}/{PROJECT}"):
            yield Object(f"{folder}/x.bin", joined)


def places(documents: Documents) -> dict[str, dict[str, str]]:
    """From where -> the keys that tell it. A place the environment does not have is left out."""
    known = {
        "platform": {"aws:SourceVpc": documents.vpc_ids[0]},
        "another network": {"aws:SourceVpc": "vpc-of-somebody-else"},
        "internet": {"aws:SourceIp": "198.51.100.7"},
    }
    if documents.networks:
        known["institution"] = {"aws:SourceIp": str(next(iter(ipaddress.ip_network(documents.networks[0]).hosts())))}
    return known


def around(documents: Documents, side: Side, place: str) -> dict[str, str]:
    """The keys of every request to one side from a place, over a good wire."""
    return {"aws:RequestedRegion": side.region, **WIRES[GOOD_WIRE], **places(documents)[place]}


def principal(documents: Documents, role: str, tags: Tags | None = None) -> Principal:
    """A session of a role of the platform."""
    name = f"{documents.prefix}-{role}"
    return Principal(
        arn=f"arn:aws:sts::{documents.account}:assumed-role/{name}/session",
        account=documents.account,
        role_arn=documents.role_arn(role),
        tags=tags or {},
    )


def request(documents: Documents, side: Side, case: Case) -> Request:
    """What S3 would be asked."""
    keys: dict[str, str] = {**around(documents, side, case.place), **WIRES[case.wire]}
    keys |= {f"s3:ExistingObjectTag/{name}": value for name, value in case.what.tags.items()}
    return Request(
        principal(documents, case.who.duty, case.who.tags),
        case.action,
        side.object_arn(case.what.key),
        documents.account,
        keys,
    )
