"""Our signatures against botocore's, over requests of any kind."""

from __future__ import annotations

from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from common.s3_calls import ListObjects, ListVersions, ReadTags, WriteTags
from common.signing import Endpoint, Signer
from common.wire import Call

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
VERSIONS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
TAGS = st.dictionaries(KEYS, st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30), max_size=10)
SECONDS = st.integers(min_value=0, max_value=2**31)
ENDPOINTS = st.builds(
    Endpoint,
    scheme=st.just("https"),
    address=st.just("lake.s3.ap-south-1.amazonaws.com"),
    port=st.just(443),
    host=st.sampled_from(["lake.s3.ap-south-1.amazonaws.com", "127.0.0.1:4566"]),
    path=st.sampled_from(["/", "/lake/"]),
    region=st.sampled_from(["ap-south-1", "ap-south-2"]),
    user_agent=st.just("kosha/test"),
)
CREDENTIALS = st.builds(
    Credentials,
    access_key=st.text("ABCDEFGH234567", min_size=16, max_size=20),
    secret_key=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60),
    token=st.none() | st.text("abcDEF012+/=", min_size=1, max_size=300),
)


def nothing(*_: object) -> None:
    """What a listing makes of a key does not matter here."""


CALLS: st.SearchStrategy[Call] = st.one_of(
    st.builds(ReadTags, KEYS, st.none() | VERSIONS),
    st.builds(WriteTags, KEYS, VERSIONS, TAGS),
    st.builds(ListObjects, KEYS, st.fixed_dictionaries({}, optional={"start-after": KEYS}), st.just(nothing)),
    st.builds(ListVersions, KEYS, st.just({"key-marker": "a b/ü", "version-id-marker": "v+/1"}), st.just(nothing)),
)


class AtThatTime(S3SigV4Auth):
    """botocore's signer, which takes the time from the request instead of the clock."""

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        date = request.headers["X-Amz-Date"]
        super()._modify_request_before_signing(request)  # type: ignore[misc]
        del request.headers["X-Amz-Date"]
        request.headers["X-Amz-Date"] = date

    def signature_of(self, request: AWSRequest) -> str:
        """The header Authorization."""
        request.context["timestamp"] = request.headers["X-Amz-Date"]
        request.context["payload_signing_enabled"] = True
        self._modify_request_before_signing(request)
        canonical = self.canonical_request(request)
        signature = self.signature(self.string_to_sign(request, canonical), request)
        self._inject_signature_to_request(request, signature)  # type: ignore[attr-defined]
        return str(request.headers["Authorization"])


@given(CALLS, ENDPOINTS, CREDENTIALS, SECONDS)
def test_every_request_is_signed_as_botocore_signs_it(
    call: Call, endpoint: Endpoint, credentials: Credentials, second: int
) -> None:
    head, _, body = call.request(Signer(endpoint, credentials, lambda: second)).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, version = first.split(" ")
    assert version == "HTTP/1.1"
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    ours = headers.pop("authorization")
    if body or method == "PUT":
        assert int(headers["content-length"]) == len(body)
    signed = ours.split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest(
        method,
        f"{endpoint.scheme}://{endpoint.host}{target}",
        {name: headers[name] for name in signed if name != "x-amz-security-token"},
        body,
    )
    signer = AtThatTime(credentials, "s3", endpoint.region)
    assert ours == signer.signature_of(request)


@given(KEYS, ENDPOINTS)
def test_keys_are_encoded_once(key: str, endpoint: Endpoint) -> None:
    signer = Signer(endpoint, Credentials("A", "S"), lambda: 0)
    target = ReadTags(key, None).request(signer).split(b" ")[1].decode()
    assert target == f"{endpoint.path}{quote(key, safe='/~')}?tagging"


def test_new_credentials_and_a_new_day_are_used_from_the_next_second_on() -> None:
    now = [86_399.0]
    credentials = Credentials("OLD", "S")
    signer = Signer(Endpoint("https", "h", 443, "h", "/", "ap-south-1", "a"), credentials, lambda: now[0])
    assert "Credential=OLD/19700101/" in signer.headers("GET", "/k", "")
    credentials.access_key = "NEW"
    now[0] += 1
    assert "Credential=NEW/19700102/" in signer.headers("GET", "/k", "")
