"""Signature Version 4 for requests to S3
(https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).

botocore's signer is right and slow: it takes apart and puts together a whole request. Here what is the same for many
requests of one second is kept, and a request costs two hashes (docs/adr/0041; the tests compare with botocore's).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

    from botocore.credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_SHA256 = sha256(b"").hexdigest()


@dataclass(frozen=True)
class Endpoint:
    """Where a bucket is: ``path`` ends with a slash and comes before every key; it names the bucket where the host
    does not. ``host`` is the header's value, with the port where that is not the scheme's own."""

    scheme: str
    address: str
    port: int
    host: str
    path: str
    region: str
    user_agent: str


def _hmac_states(key: bytes) -> tuple[HASH, HASH]:
    """HMAC-SHA-256 of a key of at most 64 bytes, up to the message (https://www.rfc-editor.org/rfc/rfc2104): copies of
    these two take half the time of ``hmac.digest``, which begins anew with the key each time."""
    block = key.ljust(64, b"\0")
    return sha256(bytes(byte ^ 0x36 for byte in block)), sha256(bytes(byte ^ 0x5C for byte in block))


class Signer:
    """Signs requests to one bucket."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials, seconds: Callable[[], float] = time.time) -> None:
        self.endpoint = endpoint
        self._credentials = credentials
        self._seconds = seconds
        self._second = -1
        self._of_this_second: dict[tuple[str, str, str], tuple[str, str]] = {}
        self._key_of: tuple[str, str] | None = None
        self._inner, self._outer = _hmac_states(b"")
        self._to_sign = self._date = self._scope = ""
        self._token: str | None = None
        self._access_key = ""

    def headers(
        self, method: str, path: str, query: str, payload_sha256: str = EMPTY_SHA256, before: str = "", after: str = ""
    ) -> str:
        """The lines of Host and of the signed headers, each with its CRLF.

        ``path`` and ``query`` are encoded and in canonical form: the query's names are sorted and each has an equals
        sign. ``before`` and ``after`` are further lines ``name:value`` + LF in canonical form, whose names sort before
        x-amz-content-sha256, and behind x-amz-date and before x-amz-security-token.
        """
        second = int(self._seconds())
        if second != self._second:
            self._begin(second)
        common = self._of_this_second.get((payload_sha256, before, after))
        if common is None:
            common = self._of_this_second[payload_sha256, before, after] = self._common(payload_sha256, before, after)
        canonical = f"{method}\n{path}\n{query}\n{common[0]}"
        to_sign = f"{self._to_sign}{sha256(canonical.encode()).hexdigest()}"
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(to_sign.encode())
        outer.update(inner.digest())
        return f"{common[1]}{outer.hexdigest()}\r\n"

    def _begin(self, second: int) -> None:
        """Another second, maybe another day, maybe other credentials."""
        self._second = second
        self._of_this_second.clear()
        frozen = self._credentials.get_frozen_credentials()
        self._access_key, self._token = frozen.access_key or "", frozen.token
        self._date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        day = self._date[:8]
        self._scope = f"{day}/{self.endpoint.region}/s3/aws4_request"
        secret = frozen.secret_key or ""
        if self._key_of != (day, secret):
            key = f"AWS4{secret}".encode()
            for part in (day, self.endpoint.region, "s3", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key_of = (day, secret)
            self._inner, self._outer = _hmac_states(key)
        self._to_sign = f"{ALGORITHM}\n{self._date}\n{self._scope}\n"

    def _common(self, payload_sha256: str, before: str, after: str) -> tuple[str, str]:
        """The canonical headers up to the end of the canonical request; the lines up to the signature."""
        token = f"x-amz-security-token:{self._token}\n" if self._token else ""
        lines = (
            f"host:{self.endpoint.host}\n{before}x-amz-content-sha256:{payload_sha256}\n"
            f"x-amz-date:{self._date}\n{after}{token}"
        )
        names = ";".join(line.partition(":")[0] for line in lines.splitlines())
        wire = lines.replace("\n", "\r\n")
        authorization = f"Authorization: {ALGORITHM} Credential={self._access_key}/{self._scope}, SignedHeaders={names}"
        return f"{lines}\n{names}\n{payload_sha256}", f"{wire}{authorization}, Signature="
