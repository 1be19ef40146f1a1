"""The calls to S3 that are made many times, for :mod:`common.wire`: tags of objects, pages of listings.

Answers are read as boto3 reads them (the tests compare): errors by botocore's own parser, what is found by patterns
over the XML, without a tree of it.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, ClassVar
from urllib.parse import quote, unquote_plus
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from botocore.exceptions import ClientError
from botocore.parsers import create_parser

from common.http import Answer
from common.signing import Signer

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_TAG = re.compile(r"<Tag>\s*<Key>([^<]*)</Key>\s*(?:<Value>([^<]*)</Value>|<Value\s*/>)\s*</Tag>")
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(amp|lt|gt|quot|apos));")
_PLAIN = re.compile(r"[A-Za-z0-9_.~/-]*").fullmatch
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ENCODED = re.compile(rb"<EncodingType>\s*url\s*</EncodingType>")
_TRUNCATED = re.compile(rb"<IsTruncated>\s*true\s*</IsTruncated>")


@cache
def _error_parser() -> Any:
    return create_parser("rest-xml")


def error_of(answer: Answer, operation: str) -> ClientError:
    """What boto3 raises for this answer."""
    headers = {}
    for line in answer.head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        headers[name.decode("latin-1").strip().lower()] = value.decode("latin-1").strip()
    parsed = _error_parser().parse({"status_code": answer.status, "headers": headers, "body": answer.body}, None)
    return ClientError(parsed, operation)


def text(raw: str) -> str:
    """The text of an element, its references resolved."""
    return _REFERENCE.sub(_resolve, raw) if "&" in raw else raw


def _resolve(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name is not None:
        return _NAMED[name]
    return chr(int(hexadecimal, 16) if hexadecimal is not None else int(decimal))


def _key_path(signer: Signer, key: str) -> str:
    return signer.endpoint.path + (key if _PLAIN(key) else quote(key, safe="/~"))


def _version(version_id: str) -> str:
    return version_id if _PLAIN(version_id) and "/" not in version_id else quote(version_id, safe="~")


def _prefix(key: str) -> str:
    """``<class>/<project>/`` of a key of the lake."""
    end = key.find("/", key.find("/") + 1)
    return key[: end + 1]


@dataclass(slots=True)
class ReadTags:
    """GetObjectTagging (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html); what is found are
    the tags, and the version they belong to: the one asked for, else the current one."""

    key: str
    version_id: str | None

    @property
    def pace(self) -> str:
        return "read " + _prefix(self.key)

    def request(self, signer: Signer) -> bytes:
        path = _key_path(signer, self.key)
        version = "" if self.version_id is None else f"&versionId={_version(self.version_id)}"
        signed = signer.headers("GET", path, f"tagging={version}")
        agent = signer.endpoint.user_agent
        return f"GET {path}?tagging{version} HTTP/1.1\r\nUser-Agent: {agent}\r\n{signed}\r\n".encode()

    def read(self, answer: Answer) -> tuple[dict[str, str], str | None]:
        if answer.status != 200:
            raise error_of(answer, "GetObjectTagging")
        return tags_of(answer.body), answer.header("x-amz-version-id") or self.version_id

    def look(self) -> None:
        return None

    def was_done(self, found: Any) -> bool:  # noqa: ARG002 - reads are repeated
        return False


@dataclass(slots=True)
class WriteTags:
    """PutObjectTagging (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html): replaces the whole
    tag set of that version."""

    key: str
    version_id: str
    tags: Mapping[str, str]

    @property
    def pace(self) -> str:
        return "write " + _prefix(self.key)

    def request(self, signer: Signer) -> bytes:
        path = _key_path(signer, self.key)
        version = _version(self.version_id)
        body, digest, checksum, length = _body_of(tuple(self.tags.items()))
        signed = signer.headers("PUT", path, f"tagging=&versionId={version}", digest, before=checksum, after=_CRC32)
        agent = signer.endpoint.user_agent
        head = f"PUT {path}?tagging&versionId={version} HTTP/1.1\r\nUser-Agent: {agent}\r\n{length}{signed}\r\n"
        return head.encode() + body

    def read(self, answer: Answer) -> None:
        if answer.status >= 300:
            raise error_of(answer, "PutObjectTagging")

    def look(self) -> ReadTags:
        return ReadTags(self.key, self.version_id)

    def was_done(self, found: tuple[dict[str, str], str | None]) -> bool:
        return found[0] == self.tags


_CRC32 = "x-amz-sdk-checksum-algorithm:CRC32\n"


@lru_cache(maxsize=4096)
def _body_of(tags: tuple[tuple[str, str], ...]) -> tuple[bytes, str, str, str]:
    """Of a tag set: the body, its SHA-256, the line of its checksum (S3 wants one), that of its length."""
    items = "".join(
        f"<Tag><Key>{_escape(key)}</Key><Value>{_escape(value)}</Value></Tag>" for key, value in sorted(tags)
    )
    body = f'<Tagging xmlns="{_NAMESPACE}"><TagSet>{items}</TagSet></Tagging>'.encode()
    checksum = b64encode(zlib.crc32(body).to_bytes(4)).decode()
    return (
        body,
        sha256(body).hexdigest(),
        f"x-amz-checksum-crc32:{checksum}\n",
        f"Content-Type: application/xml\r\nContent-Length: {len(body)}\r\n",
    )


def _escape(value: str) -> str:
    return escape(value, {"\r": "&#xD;", "\n": "&#xA;"})


def tags_of(body: bytes) -> dict[str, str]:
    """The tags of an answer to GetObjectTagging."""
    found = {text(key): text(value) for key, value in _TAG.findall(body.decode())}
    if len(found) == body.count(b"<Tag>") == body.count(b"</Tag>"):
        return found
    # Written in another way than S3 writes it: other order, comments, CDATA.
    tags = {}
    for tag in ElementTree.fromstring(body).iter():  # noqa: S314 - S3's own answer
        if tag.tag.rpartition("}")[2] == "Tag":
            parts = {part.tag.rpartition("}")[2]: part.text or "" for part in tag}
            tags[parts["Key"]] = parts["Value"]
    return tags


@dataclass(slots=True)
class Page[T]:
    """A page of a listing. ``following`` are the parameters of the next one; ``None`` behind the last."""

    items: list[T]
    following: dict[str, str] | None


@dataclass(slots=True)
class _Listing[T]:
    """A page of what lies below ``prefix`` behind ``position``. Keys come url-encoded: XML has no way to write some of
    the characters that keys may have."""

    prefix: str
    position: dict[str, str]

    operation: ClassVar[str]
    parameters: ClassVar[dict[str, str]]
    element: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]
    pattern: ClassVar[re.Pattern[str]]
    """The fields of an element as S3 writes them, in the order in which it does."""

    @property
    def pace(self) -> str:
        return "list"

    def request(self, signer: Signer) -> bytes:
        path = signer.endpoint.path.rstrip("/") or "/"
        parameters = self.parameters | {"encoding-type": "url", "prefix": self.prefix} | self.position
        query = "&".join(f"{name}={quote(value, safe='~')}" for name, value in sorted(parameters.items()))
        signed = signer.headers("GET", path, query)
        return f"GET {path}?{query} HTTP/1.1\r\nUser-Agent: {signer.endpoint.user_agent}\r\n{signed}\r\n".encode()

    def read(self, answer: Answer) -> Page[T]:
        if answer.status != 200:
            raise error_of(answer, self.operation)
        body = answer.body
        around = self.around(body)
        decode = _decoder(around)
        found = self.pattern.findall(body.decode())
        if len(found) != self.count(body):
            # Written in another way than S3 writes it.
            found = [tuple(escape(each[name]) for name in self.fields) for each in _elements(body, self.element)]
        is_last = _TRUNCATED.search(around) is None
        return Page(self.items(found, decode), None if is_last else self.following(around, decode))

    def around(self, body: bytes) -> bytes:
        """What is before the first element and behind the last, where they are written as S3 writes them."""
        first, last = body.find(f"<{self.element}>".encode()), body.rfind(f"</{self.element}>".encode())
        return body[:first] + body[last:] if 0 <= first < last else body

    def count(self, body: bytes) -> int:
        """How many elements end in a page, whatever way they are written."""
        return body.count(f"</{self.element}".encode())

    def items(self, found: list[Any], decode: Callable[[str], str]) -> list[T]:
        """What is made of the raw texts of the fields of each."""
        raise NotImplementedError

    def following(self, around: bytes, decode: Callable[[str], str]) -> dict[str, str]:
        """The position of the next page."""
        raise NotImplementedError

    def look(self) -> None:
        return None

    def was_done(self, found: Any) -> bool:  # noqa: ARG002 - reads are repeated
        return False


@dataclass(slots=True)
class ListObjects[T](_Listing[T]):
    """ListObjectsV2 (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html): current objects below
    ``prefix`` behind ``position`` (start-after or continuation-token), each as ``make((key, modified))``."""

    make: Callable[[tuple[str, datetime]], T]

    operation = "ListObjectsV2"
    parameters: ClassVar = {"list-type": "2"}
    element = "Contents"
    fields = ("Key", "LastModified")
    pattern = re.compile(r"<Contents>\s*<Key>([^<]*)</Key>\s*<LastModified>([^<]*)</LastModified>")

    def items(self, found: list[Any], decode: Callable[[str], str]) -> list[T]:
        keys = [decode(text(key) if "&" in key else key) for key, _ in found]
        moments = map(datetime.fromisoformat, [modified for _, modified in found])
        return list(map(self.make, zip(keys, moments, strict=True)))

    def following(self, around: bytes, decode: Callable[[str], str]) -> dict[str, str]:  # noqa: ARG002 - no key
        return {"continuation-token": _element(around, "NextContinuationToken")}


@dataclass(slots=True)
class ListVersions[T](_Listing[T]):
    """ListObjectVersions (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html): versions below
    ``prefix`` behind ``position`` (key-marker, version-id-marker), without delete markers, each as
    ``make((key, version_id, modified))``."""

    make: Callable[[tuple[str, str, datetime]], T]

    operation = "ListObjectVersions"
    parameters: ClassVar = {"versions": ""}
    element = "Version"
    fields = ("Key", "VersionId", "LastModified")
    pattern = re.compile(
        r"<Version>\s*<Key>([^<]*)</Key>\s*<VersionId>([^<]*)</VersionId>\s*<IsLatest>[^<]*</IsLatest>\s*"
        r"<LastModified>([^<]*)</LastModified>"
    )

    def count(self, body: bytes) -> int:
        return body.count(b"</Version") - body.count(b"</VersionId")

    def items(self, found: list[Any], decode: Callable[[str], str]) -> list[T]:
        keys = [decode(text(key) if "&" in key else key) for key, _, _ in found]
        versions = map(text, [version for _, version, _ in found])
        moments = map(datetime.fromisoformat, [modified for _, _, modified in found])
        return list(map(self.make, zip(keys, versions, moments, strict=True)))

    def following(self, around: bytes, decode: Callable[[str], str]) -> dict[str, str]:
        key, version = _element(around, "NextKeyMarker"), _element(around, "NextVersionIdMarker")
        return {"key-marker": decode(key), "version-id-marker": version}


def _decoder(around: bytes) -> Callable[[str], str]:
    """How keys of this page are read: not every server encodes what is asked for with encoding-type=url."""
    return _decoded if _ENCODED.search(around) is not None else str


def _decoded(key: str) -> str:
    return unquote_plus(key) if "%" in key or "+" in key else key


def _elements(body: bytes, name: str) -> list[dict[str, str]]:
    """The texts of the children of each element of that name."""
    return [
        {part.tag.rpartition("}")[2]: part.text or "" for part in element}
        for element in ElementTree.fromstring(body)  # noqa: S314 - S3's own answer
        if element.tag.rpartition("}")[2] == name
    ]


def _element(body: bytes, name: str) -> str:
    found = re.search(rb"<%b>([^<]*)</%b>" % (name.encode(), name.encode()), body)
    return text(found[1].decode()) if found else ""
