"""The tags of the data lake's objects, by boto3: one call after the other, in some threads.

Functions that tag or look at many objects use :class:`common.fast_lake.FastLake`, which does the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from common.parallel import in_parallel
from common.s3_calls import ReadTags, WriteTags
from common.wire import Call, Steps

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WORKERS = 16


class Lake(Protocol):
    """Carries out steps (``common.wire``) whose calls are ReadTags and WriteTags, those of many items at once."""

    def run[T, R](self, steps_of: Callable[[T], Steps[R]], items: Iterable[T]) -> Iterator[R]: ...


class OneByOne:
    """A lake that makes one call at a time in each of its threads."""

    def __init__(self, workers: int = WORKERS) -> None:
        self.workers = workers

    def read_tags(self, key: str, version_id: str | None) -> tuple[dict[str, str], str | None]:
        """The tags, and the version they belong to: the one asked for, else the current one."""
        raise NotImplementedError

    def write_tags(self, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        """Replace the whole tag set of that version."""
        raise NotImplementedError

    def run[T, R](self, steps_of: Callable[[T], Steps[R]], items: Iterable[T]) -> Iterator[R]:
        """What the steps of each item return, in the order of the items."""
        return in_parallel(lambda item: self._carry_out(steps_of(item)), items, self.workers)

    def _carry_out[R](self, steps: Steps[R]) -> R:
        try:
            call = next(steps)
            while True:
                try:
                    found = self._make(call)
                except (ClientError, BotoCoreError) as error:
                    call = steps.throw(error)
                else:
                    call = steps.send(found)
        except StopIteration as done:
            result: R = done.value
            return result

    def _make(self, call: Call) -> Any:
        match call:
            case ReadTags():
                return self.read_tags(call.key, call.version_id)
            case WriteTags():
                return self.write_tags(call.key, call.version_id, call.tags)
        raise TypeError(f"a lake makes no {type(call).__name__}")


class LakeTags(OneByOne):
    """Reads and replaces tags. Keys go to S3 as they are: boto3 encodes them once, nobody else does."""

    def __init__(self, s3: S3Client, bucket: str, workers: int = WORKERS) -> None:
        super().__init__(workers)
        self._s3 = s3
        self._bucket = bucket

    def read_tags(self, key: str, version_id: str | None) -> tuple[dict[str, str], str | None]:
        if version_id is None:
            found = self._s3.get_object_tagging(Bucket=self._bucket, Key=key)
        else:
            found = self._s3.get_object_tagging(Bucket=self._bucket, Key=key, VersionId=version_id)
        return {each["Key"]: each["Value"] for each in found["TagSet"]}, found.get("VersionId", version_id)

    def write_tags(self, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        tagging = {"TagSet": [{"Key": name, "Value": value} for name, value in sorted(tags.items())]}
        self._s3.put_object_tagging(
            Bucket=self._bucket,
            Key=key,
            VersionId=version_id,
            Tagging=tagging,  # type: ignore[arg-type]
        )
