"""The data lake's tags and listings over :mod:`common.wire`: what boto3 would find, for a fiftieth of its CPU time.

Endpoint, credentials and trusted certificates are botocore's, so AWS_ENDPOINT_URL, roles and AWS_CA_BUNDLE mean what
they mean for boto3. Proxies are not used.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import get_cert_path

from common.s3_calls import ListObjects, ListVersions, Page, ReadTags, WriteTags
from common.signing import Endpoint, Signer
from common.wire import Call, Steps, Wire

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECTIONS = 128


def endpoint_of(s3: S3Client, bucket: str) -> Endpoint:
    """Where boto3 sends requests about this bucket: it is let make one, which is not sent."""
    made: list[AWSPreparedRequest] = []

    def instead_of_sending(request: AWSPreparedRequest, **_: Any) -> Any:
        made.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), _NoBody())

    event = "before-send.s3.GetObjectTagging"
    s3.meta.events.register_first(event, instead_of_sending)
    try:
        s3.get_object_tagging(Bucket=bucket, Key="k")
    finally:
        s3.meta.events.unregister(event, instead_of_sending)
    [request] = made
    url = urlsplit(request.url)
    agent = request.headers["User-Agent"]
    return Endpoint(
        scheme=url.scheme,
        address=url.hostname or "",
        port=url.port or (443 if url.scheme == "https" else 80),
        host=url.netloc.rpartition("@")[2],
        path=url.path.removesuffix("k"),
        region=s3.meta.region_name,
        user_agent=agent.decode() if isinstance(agent, bytes) else agent,
    )


class _NoBody:
    """The body of an answer that never came."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b"<Tagging><TagSet/></Tagging>"


def make_wire(s3: S3Client, bucket: str, connections: int) -> Wire:
    """Connections to a bucket, with the credentials of the client.

    Raises:
        NoCredentialsError: it has none.
    """
    endpoint = endpoint_of(s3, bucket)
    tls = None
    if endpoint.scheme == "https":
        tls = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or get_cert_path(True))
    credentials = s3._get_credentials()  # type: ignore[attr-defined] # botocore has it for others who sign
    if credentials is None:
        raise NoCredentialsError
    return Wire(Signer(endpoint, credentials), connections, tls)


class FastLake:
    """A lake that makes ``connections`` calls at once. The first use makes the connections, not the import."""

    def __init__(self, s3: S3Client, bucket: str, connections: int = CONNECTIONS) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._connections = connections
        self._wire: Wire | None = None

    @property
    def wire(self) -> Wire:
        """The connections."""
        if self._wire is None:
            self._wire = make_wire(self._s3, self._bucket, self._connections)
        return self._wire

    def run[T, R](self, steps_of: Callable[[T], Steps[R]], items: Iterable[T]) -> Iterator[R]:
        """What the steps of each item return, as it comes."""
        return self.wire.run(steps_of, items)

    def read_tags(self, key: str, version_id: str | None) -> tuple[dict[str, str], str | None]:
        """The tags, and the version they belong to: the one asked for, else the current one."""
        found: tuple[dict[str, str], str | None]
        [found] = self.run(only, [ReadTags(key, version_id)])
        return found

    def write_tags(self, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        """Replace the whole tag set of that version."""
        list(self.run(only, [WriteTags(key, version_id, tags)]))


class FastListing:
    """Listings of a bucket, a page of up to a thousand at a time, in S3's order.

    Raises:
        ClientError, BotoCoreError: S3 does not list.
    """

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._wire: Wire | None = None

    def objects[T](self, prefix: str, after: str, make: Callable[[tuple[str, datetime]], T]) -> Iterator[list[T]]:
        """Current objects behind the key ``after`` (``""``: from the start)."""
        return self._pages(
            lambda position: ListObjects(prefix, position, make), {"start-after": after} if after else {}
        )

    def versions[T](
        self, prefix: str, after: tuple[str, str] | None, make: Callable[[tuple[str, str, datetime]], T]
    ) -> Iterator[list[T]]:
        """All versions behind a key and version, never delete markers."""
        start = {"key-marker": after[0], "version-id-marker": after[1]} if after else {}
        return self._pages(lambda position: ListVersions(prefix, position, make), start)

    def _pages[T](self, call: Callable[[dict[str, str]], Call], start: dict[str, str]) -> Iterator[list[T]]:
        if self._wire is None:
            self._wire = make_wire(self._s3, self._bucket, connections=1)
        position: dict[str, str] | None = start
        while position is not None:
            page: Page[T]
            [page] = self._wire.run(only, [call(position)])
            yield page.items
            position = page.following


def only(call: Call) -> Steps[Any]:
    """The steps of one call."""
    return (yield call)
