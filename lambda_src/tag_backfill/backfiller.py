"""Carries a backfill out: lists the lake, tags what is not tagged rightly, in slices.

Every phase can be left at any moment and taken up by the next call: a checkpoint is behind what is done, never ahead of
it. What was tagged after the last checkpoint is found tagged and is not written again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched, islice
from typing import Any, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from common.catalogue import Catalogue
from common.clock import Clock
from common.failures import code_of, is_transient
from common.lake import Lake
from common.notices import Notice
from common.publisher import Publisher
from common.runs import Run, RunDone, Runs, RunUnderWay
from common.s3_calls import WriteTags
from common.state import StateConflict, Store
from common.tagging import LEFT_AS_IS, NOT_DONE, Aim, Outcome, Result, TaggingIncomplete, bring, carry_out, dry
from common.wire import Steps
from tag_backfill import messages
from tag_backfill.aws import Job
from tag_backfill.config import Config
from tag_backfill.domain import (
    ASSUMED_GROUPS,
    Entry,
    Method,
    Mode,
    Request,
    Speeds,
    choose,
    concerns,
    group_of,
    plans,
    read_request,
    token_of,
    work_of,
)
from tag_backfill.progress import Chunk, Group, Phase, Progress

# Objects between two looks at the clock: some seconds of work.
CHUNK = 250
# Objects between two checkpoints. Collecting writes a shard for each group then, so it does so less often.
CHECKPOINT = 1_000
COLLECT_CHECKPOINT = 20_000
# Objects set aside for a passing failure; more say that S3 wants fewer calls, and the run waits for the next call.
AGAIN_LIMIT = 1_000
# So many calls of the schedule try what was set aside.
REPAIRS = 3
# A survey stops telling groups apart beyond this; what comes after is tagged without a job.
GROUP_LIMIT = 500
QUEUE = "queue"
QUEUE_LIMIT = 20
INSIST = 10


class Listing(Protocol):
    """What lies in the lake."""

    def pages(self, prefix: str, after: Entry | None, versions: bool) -> Iterator[list[Entry]]: ...


class Manifests(Protocol):
    """Lists of objects for jobs."""

    def write_shard(self, run: str, group: str, shard: int, items: Iterable[tuple[str, str | None]]) -> None: ...
    def read_shard(self, run: str, group: str, shard: int) -> Iterator[tuple[str, str | None]]: ...
    def join(self, run: str, group: str, shards: Iterable[int]) -> tuple[str, str]: ...
    def report_prefix(self, run: str, group: str) -> str: ...
    def failed(self, run: str, group: str, job: str) -> Iterator[tuple[str, str | None]]: ...


class Jobs(Protocol):
    """Jobs of S3 Batch Operations."""

    def create(
        self, token: str, manifest: tuple[str, str], report_prefix: str, tags: Mapping[str, str], description: str
    ) -> str: ...
    def describe(self, job: str) -> Job: ...
    def cancel(self, job: str) -> None: ...


class Reports(Protocol):
    """Reports for people."""

    def write(self, moment: datetime, name: str, body: bytes, content_type: str) -> str: ...


class Stalled(RuntimeError):
    """The run cannot go on now; it stays open and the next call tries again."""


@dataclass
class _Slice:
    """A run during one call."""

    run: Run
    request: Request
    progress: Progress
    clock: Clock
    began: datetime
    """When the time began that is not counted yet."""

    def back(self) -> None:
        """Forget what was done since the last checkpoint, and give the lease back."""
        self.progress = Progress.of(self.run.progress)
        self.progress.lease_until = None

    @property
    def short(self) -> bool:
        return self.clock.is_short


@dataclass(frozen=True)
class Backfiller:
    """Opens runs, carries them on, and tells of their ends."""

    config: Config
    catalogue: Catalogue
    lake: Lake
    listing: Listing
    manifests: Manifests
    jobs: Jobs
    store: Store
    reports: Reports
    publisher: Publisher
    logger: Logger
    metrics: Metrics

    def run(self, request: Request, clock: Clock) -> dict[str, Any]:
        """Do what is asked for, as far as the time goes; the reply says how far that was.

        Raises:
            ClientError, BotoCoreError: AWS failed for a passing reason; the run goes on with the next call.
        """
        try:
            match request.mode:
                case Mode.CANCEL:
                    return self._insist(lambda: self._cancel(request, clock))
                case Mode.CONTINUE:
                    return self._go_on(clock)
                case _:
                    return self._begin(request, clock)
        except StateConflict:
            # The other call has the run, or has closed it. What this one did since its checkpoint is found done.
            self.logger.info("another call was faster")
            return {"outcome": "busy", "problem": "another call is working on the run; the schedule goes on with it"}

    # ------------------------------------------------------------------------------------------ opening, queueing

    def _begin(self, request: Request, clock: Clock) -> dict[str, Any]:
        runs = Runs(self.store)
        try:
            run = runs.open(request.run, clock.now(), request.parameters())
        except RunDone:
            last = runs.last() or {}
            return {"outcome": "done_already", "run": request.run, "result": last.get("result")}
        except RunUnderWay:
            run_open = runs.find()
            if run_open is not None and run_open.id == request.run:
                return self._go_on(clock)
            return self._insist(lambda: self._enqueue(request, clock, run_open.id if run_open else ""))
        return self._work(run, clock)

    @staticmethod
    def _insist(change: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Change what another call keeps changing: look again, decide again."""
        for _ in range(INSIST - 1):
            with suppress(StateConflict):
                return change()
        return change()

    def _enqueue(self, request: Request, clock: Clock, behind: str) -> dict[str, Any]:
        found = self.store.read(QUEUE)
        waiting: list[dict[str, Any]] = found.document.get("waiting", [])
        if all(each["run"] != request.run for each in waiting):
            if len(waiting) >= QUEUE_LIMIT:
                self.metrics.add_metric("BackfillFailures", MetricUnit.Count, 1)
                problem = f"{len(waiting)} runs wait already: cancel the open one, or wait until it has ended"
                return {"outcome": "refused", "run": request.run, "problem": problem}
            queued = request.parameters() | {"queued_at": clock.now().isoformat()}
            self.store.write(QUEUE, {"waiting": [*waiting, queued]}, found.etag)
        self.logger.info("queued", extra={"run": request.run, "behind": behind})
        return {"outcome": "queued", "run": request.run, "behind": behind}

    def _open_next(self, clock: Clock) -> Run | None:
        """Open what waits longest. It leaves the queue afterwards: a call lost in between opens it, not drops it."""
        while True:
            found = self.store.read(QUEUE)
            waiting = found.document.get("waiting", [])
            if not waiting:
                return None
            parameters = {key: value for key, value in waiting[0].items() if key != "queued_at"}
            run: Run | None = None
            try:
                run = Runs(self.store).open(parameters["run"], clock.now(), parameters)
            except RunDone:
                self.logger.info("a queued run was done already", extra={"run": parameters["run"]})
            self.store.write(QUEUE, {"waiting": waiting[1:]}, found.etag)
            if run is not None:
                return run

    def _go_on(self, clock: Clock) -> dict[str, Any]:
        run = Runs(self.store).find() or self._open_next(clock)
        if run is None:
            return {"outcome": "idle"}
        lease = Progress.of(run.progress).lease_until if run.progress else None
        if lease is not None and lease > clock.now():
            return {"outcome": "busy", "run": run.id, "problem": f"another call works on it until {lease.isoformat()}"}
        return self._work(run, clock)

    def _cancel(self, request: Request, clock: Clock) -> dict[str, Any]:
        found = self.store.read(QUEUE)
        waiting = found.document.get("waiting", [])
        left = [each for each in waiting if each["run"] != request.run]
        if left != waiting:
            self.store.write(QUEUE, {"waiting": left}, found.etag)
            return {"outcome": "cancelled", "run": request.run}
        run = Runs(self.store).find()
        if request.run and (run is None or run.id != request.run):
            # Ended meanwhile, or another's: a cancellation that comes twice must not stop what came next.
            problem = f"no such run is open or waits; {run.id if run else 'none'} is open"
            return {"outcome": "refused", "run": request.run, "problem": problem}
        if run is None:
            return {"outcome": "idle"}
        progress = self._progress_of(run, request)
        stopped = 0
        for group in progress.groups.values():
            if group.job is not None and not group.done:
                self.jobs.cancel(group.job)
                stopped += 1
        result = self._result(progress) | {"outcome": "cancelled", "jobs_cancelled": stopped}
        Runs(self.store).close(run, clock.now(), result)
        self.logger.info("cancelled", extra={"run": run.id})
        return {"outcome": "cancelled", "run": run.id, "result": result}

    # --------------------------------------------------------------------------------------------------- a slice

    def _progress_of(self, run: Run, request: Request) -> Progress:
        if run.progress:
            return Progress.of(run.progress)
        if request.mode is Mode.ESTIMATE:
            return Progress(Phase.SURVEY)
        if request.method is None:
            return Progress(Phase.COUNT)
        return Progress(Phase.COLLECT if request.method is Method.BATCH else Phase.DIRECT, method=request.method.value)

    def _work(self, run: Run, clock: Clock) -> dict[str, Any]:
        request = read_request(run.parameters, run.id)
        now = clock.now()
        slice_ = _Slice(run, request, self._progress_of(run, request), clock, now)
        self.logger.append_keys(run=run.id)
        slice_.progress.lease_until = now + timedelta(seconds=clock.remaining_seconds())
        self._save(slice_)
        try:
            ended = self._phases(slice_)
        except Stalled as error:
            return self._stall(slice_, str(error))
        except (ClientError, BotoCoreError) as error:
            if is_transient(error):
                slice_.back()
                self._save_quietly(slice_)
                raise
            return self._stall(slice_, f"{code_of(error)}: {error}")
        if ended:
            return self._close(slice_)
        slice_.progress.lease_until = None
        self._save(slice_)
        return {"outcome": "under_way", "run": run.id, "phase": slice_.progress.phase.value} | self._result(
            slice_.progress
        )

    def _phases(self, at: _Slice) -> bool:
        """Whether the run came to its end."""
        steps = {
            Phase.COUNT: self._count,
            Phase.SURVEY: self._survey,
            Phase.DIRECT: self._direct,
            Phase.COLLECT: self._collect,
            Phase.JOBS: self._start_jobs,
            Phase.WAIT: self._wait_for_jobs,
        }
        while at.progress.phase is not Phase.REPAIR:
            following = steps[at.progress.phase](at)
            if following is None:
                return False
            at.progress.phase = following
            self._save(at)
        return self._repair(at)

    def _save(self, at: _Slice) -> None:
        now = at.clock.now()
        at.progress.seconds += (now - at.began).total_seconds()
        at.began = now
        at.run = Runs(self.store).save(at.run, at.progress.document())

    def _save_quietly(self, at: _Slice) -> None:
        """Give the lease back on the way out of a failure; where even that fails, the lease runs out by itself."""
        try:
            self._save(at)
        except (ClientError, BotoCoreError, StateConflict) as error:
            self.logger.warning("the lease was not given back", extra={"error_code": code_of(error)})

    def _stall(self, at: _Slice, problem: str) -> dict[str, Any]:
        at.back()
        first, at.progress.told_stalled = not at.progress.told_stalled, True
        self.metrics.add_metric("BackfillFailures", MetricUnit.Count, 1)
        self.logger.error("stalled", extra={"problem": problem})
        self._save(at)
        if first:
            self._publish(messages.stalled(self.config.environment, at.clock.now(), at.run.id, problem))
        return {"outcome": "stalled", "run": at.run.id, "problem": problem}

    # ------------------------------------------------------------------------------------------- listing phases

    def _count(self, at: _Slice) -> Phase | None:
        """Count, then choose: nothing is known of the tags yet, so everything may have to be written."""
        for number, page in enumerate(self._pages(at), start=1):
            at.progress.listed += sum(concerns(entry, at.request) for entry in page)
            if page:
                at.progress.after = page[-1]
            if number % 50 == 0:
                self._save(at)
            if at.short:
                return None
        offered = plans(at.progress.listed, at.progress.listed, ASSUMED_GROUPS, self.config.memory_gb)
        method = choose(offered, at.request.finish_within_hours)
        at.progress.method, at.progress.after = method.value, None
        self.logger.info("chose", extra={"method": method.value, "objects": at.progress.listed})
        return Phase.COLLECT if method is Method.BATCH else Phase.DIRECT

    def _direct(self, at: _Slice) -> Phase | None:
        return Phase.REPAIR if self._through(at, None, CHECKPOINT) else None

    def _survey(self, at: _Slice) -> Phase | None:
        writes: list[WriteTags] = []

        def note() -> None:
            for each in writes:
                if (group := self._group(at.progress, dict(each.tags))) is not None:
                    group.count += 1
            writes.clear()

        return Phase.REPAIR if self._through(at, writes, CHECKPOINT, note) else None

    def _collect(self, at: _Slice) -> Phase | None:
        """Read every object's tags and sort what is to be written by its complete new tag set, a shard at a time."""
        writes: list[WriteTags] = []
        waiting: dict[str, list[tuple[str, str | None]]] = defaultdict(list)

        def note() -> None:
            for each in writes:
                tags = dict(each.tags)
                group = self._group(at.progress, tags)
                if group is None:
                    # One more kind of tag set than is kept apart: the repair, which tags directly, takes it.
                    at.progress.again.append((each.key, each.version_id))
                else:
                    group.count += 1
                    waiting[group_of(tags)].append((each.key, each.version_id))
            writes.clear()

        def flush() -> None:
            at.progress.shard += 1
            for name, items in waiting.items():
                self.manifests.write_shard(at.run.id, name, at.progress.shard, items)
                at.progress.groups[name].shards.append(at.progress.shard)
            waiting.clear()

        done = self._through(at, writes, COLLECT_CHECKPOINT, note, flush)
        return Phase.JOBS if done else None

    def _group(self, progress: Progress, tags: dict[str, str]) -> Group | None:
        name = group_of(tags)
        if name not in progress.groups:
            if len(progress.groups) >= GROUP_LIMIT:
                return None
            progress.groups[name] = Group(tags)
        return progress.groups[name]

    def _pages(self, at: _Slice) -> Iterator[list[Entry]]:
        return self.listing.pages(at.request.prefix, at.progress.after, at.request.versions)

    def _through(
        self,
        at: _Slice,
        writes: list[WriteTags] | None,
        checkpoint: int,
        note: Callable[[], None] = lambda: None,
        flush: Callable[[], None] = lambda: None,
    ) -> bool:
        """Bring what is listed, chunk by chunk; whether the list came to its end. Where ``writes`` is a list, they
        go there instead of to S3. ``note`` is called after each chunk, ``flush`` before each checkpoint."""
        since = 0
        for page in self._pages(at):
            for entries in batched(page, CHUNK, strict=False):
                if at.short or len(at.progress.again) >= AGAIN_LIMIT:
                    flush()
                    if at.short:
                        return False
                    self._repair_or_wait(at)
                chunk = self._bring_or_save(entries, writes, at, flush)
                note()
                at.progress.take(chunk)
                at.progress.after = entries[-1]
                since += len(entries)
                if since >= checkpoint:
                    flush()
                    self._save(at)
                    since = 0
        flush()
        return True

    def _bring_or_save(
        self, entries: Iterable[Entry], writes: list[WriteTags] | None, at: _Slice, flush: Callable[[], None]
    ) -> Chunk:
        """Where it cannot go on, what was done before these ``entries`` is saved."""
        try:
            return self._bring((work_of(each, at.request, self.catalogue) for each in entries), writes, at)
        except Stalled:
            flush()
            self._save(at)
            raise

    def _bring(self, work: Iterable[Aim | Result], writes: list[WriteTags] | None, at: _Slice) -> Chunk:
        def steps(aim: Aim) -> Steps[Result]:
            made = bring(aim, self.catalogue)
            return made if writes is None else dry(made, writes.append)

        chunk = Chunk(collecting=at.progress.phase is Phase.COLLECT and writes is not None)
        try:
            carry_out(
                work,
                steps,
                self.lake,
                chunk,
                at.clock,
                lambda count: self.metrics.add_metric("ObjectsTriedAgain", MetricUnit.Count, count),
            )
        except TaggingIncomplete as error:
            raise Stalled(str(error)) from error
        return chunk

    # --------------------------------------------------------------------------------------------- batch phases

    def _start_jobs(self, at: _Slice) -> Phase | None:
        for name, group in at.progress.groups.items():
            if group.job is not None or group.done:
                continue
            if at.short:
                return None
            if group.count >= self.config.batch_group_size and not group.direct:
                self._start_job(at, name, group)
            else:
                group.direct = True
            self._save(at)
        return Phase.WAIT

    def _start_job(self, at: _Slice, name: str, group: Group) -> None:
        if group.manifest is None:
            # Remembered before the job is asked for: with the same token, S3 wants the same ETag, and a manifest that
            # is written again has another (it is encrypted with KMS).
            group.manifest = list(self.manifests.join(at.run.id, name, group.shards))
            self._save(at)
        try:
            group.job = self.jobs.create(
                token_of(at.run.id, name),
                (group.manifest[0], group.manifest[1]),
                self.manifests.report_prefix(at.run.id, name),
                group.tags,
                f"{self.config.environment} backfill {at.run.id}",
            )
        except ClientError as error:
            if is_transient(error):
                raise
            # Slower, but done: the alarm on the metric says that somebody has to look at the role.
            self.metrics.add_metric("BatchJobsRefused", MetricUnit.Count, 1)
            self.logger.error("a job was refused; its objects are tagged without", extra={"error_code": code_of(error)})
            group.direct = True
            return
        self.logger.info("started a job", extra={"job": group.job, "objects": group.count})

    def _wait_for_jobs(self, at: _Slice) -> Phase | None:
        """Tag what has no job, then look at the jobs. A job that runs is looked at by the next call."""
        groups = at.progress.groups
        for name, group in groups.items():
            if group.direct and not group.done and not self._tag_shards(at, name, group):
                return None
        running = 0
        for name, group in groups.items():
            if group.done:
                continue
            if at.short:
                return None
            assert group.job is not None
            job = self.jobs.describe(group.job)
            if not job.ended:
                running += 1
            elif self._take_job(at, name, group, job):
                self._save(at)
            else:
                return None
        return None if running else Phase.REPAIR

    def _take_job(self, at: _Slice, name: str, group: Group, job: Job) -> bool:
        """Count an ended job; what it failed at is tagged directly. Whether that came to its end."""
        assert group.job is not None
        self.logger.info("a job ended", extra={"job": group.job, "status": job.status, "failed": job.failed})
        if job.status != "Complete":
            self.metrics.add_metric("BatchJobsFailed", MetricUnit.Count, 1)
            self.logger.error("a job did not complete", extra={"job": group.job, "problem": job.reason})
            group.direct = True
            return self._tag_shards(at, name, group)
        chunk = Chunk()
        if job.failed:
            failed = list(self.manifests.failed(at.run.id, name, group.job))
            if len(failed) != job.failed or len(failed) > AGAIN_LIMIT:
                # No report, or a long one: go through the whole group; what the job tagged is found tagged.
                group.direct = True
                return self._tag_shards(at, name, group)
            chunk = self._bring(map(self._aim, failed), None, at)
        at.progress.take(chunk)
        self._count_written(at.progress, group, job.succeeded)
        group.done = True
        return True

    def _count_written(self, progress: Progress, group: Group, count: int) -> None:
        progress.counts[Outcome.TAGGED.value] += count
        progress.written[group.tags["data_class"]] += count
        if group.tags["data_class"] == self.catalogue.unclassified["data_class"]:
            progress.unclassified_count += count

    def _tag_shards(self, at: _Slice, name: str, group: Group) -> bool:
        """Tag a group without a job; whether it is done."""
        while group.next < len(group.shards):
            items = islice(self.manifests.read_shard(at.run.id, name, group.shards[group.next]), group.offset, None)
            for part in batched(items, CHUNK, strict=False):
                if at.short:
                    return False
                if len(at.progress.again) >= AGAIN_LIMIT:
                    self._repair_or_wait(at)
                at.progress.take(self._bring(map(self._aim, part), None, at))
                group.offset += len(part)
                if group.offset % CHECKPOINT == 0:
                    self._save(at)
            group.next, group.offset = group.next + 1, 0
            self._save(at)
        group.done = True
        self._save(at)
        return True

    def _aim(self, item: tuple[str, str | None]) -> Aim | Result:
        return work_of(Entry(item[0], item[1], at_any_time), _ANYTHING, self.catalogue)

    # --------------------------------------------------------------------------------------------------- repair

    def _repair_or_wait(self, at: _Slice) -> None:
        """In the middle of a list: S3 asks for fewer calls, so stop until the next call of the schedule."""
        done = self._try_again(at)
        self._save(at)
        if not done:
            raise Stalled(f"{len(at.progress.again)} objects failed for passing reasons; S3 may ask for fewer calls")

    def _try_again(self, at: _Slice) -> bool:
        """Bring what was set aside; whether nothing is left."""
        writes: list[WriteTags] | None = [] if at.request.mode is Mode.ESTIMATE else None
        waiting, at.progress.again = at.progress.again, []
        for part in batched(waiting, CHUNK, strict=False):
            if at.short:
                at.progress.again += part
                continue
            at.progress.take(self._bring(map(self._aim, part), writes, at))
        return not at.progress.again

    def _repair(self, at: _Slice) -> bool:
        if not at.progress.again or self._try_again(at):
            return True
        at.progress.attempts += 1
        if at.progress.attempts < REPAIRS:
            return False
        given_up, at.progress.again = at.progress.again, []
        chunk = Chunk()
        for key, version in given_up:
            aim = self._aim((key, version))
            chunk.add(Result(key, Outcome.FAILED, aim if isinstance(aim, Aim) else None, "failed again and again"))
        at.progress.take(chunk)
        return True

    # ------------------------------------------------------------------------------------------------------ end

    def _result(self, progress: Progress) -> dict[str, Any]:
        counts = {name: count for name, count in sorted(progress.counts.items()) if count and name != "not_a_file"}
        return {
            "objects": progress.objects,
            "counts": counts,
            "written": sum(progress.written.values()),
            "written_by_class": dict(sorted(progress.written.items())),
            "method": progress.method or "",
            "unclassified_count": progress.unclassified_count,
            "left_as_is_count": sum(progress.counts[each.value] for each in LEFT_AS_IS),
            "not_done_count": sum(progress.counts[each.value] for each in NOT_DONE),
        }

    def _estimate(self, at: _Slice) -> dict[str, Any]:
        progress, result = at.progress, self._result(at.progress)
        large = [each.count for each in progress.groups.values() if each.count >= self.config.batch_group_size]
        # Enough to trust the measure; it holds this role's throttling and the size of this function.
        measured = progress.objects > 10_000 and progress.seconds > 0
        speeds = Speeds(calls_per_second=progress.objects / progress.seconds) if measured else Speeds()
        offered = plans(
            progress.objects, result["written"], len(large), self.config.memory_gb, sum(large), speeds=speeds
        )
        return {
            "objects": progress.objects,
            "to_write": result["written"],
            "to_write_by_class": result["written_by_class"],
            "counts": {"to_write" if name == "tagged" else name: each for name, each in result["counts"].items()},
            "tag_sets": len(progress.groups),
            "methods": [plan.document() for plan in offered.values()],
            "recommended": choose(offered, at.request.finish_within_hours).value,
            "finish_within_hours": at.request.finish_within_hours,
            "speed": "measured" if measured else "assumed",
            "unclassified_count": result["unclassified_count"],
            "left_as_is_count": result["left_as_is_count"],
            "not_done_count": result["not_done_count"],
        }

    def _close(self, at: _Slice) -> dict[str, Any]:
        """Report, tell, close: in this order, so that a run lost in between tells twice rather than never."""
        environment, now, progress = self.config.environment, at.clock.now(), at.progress
        is_dry = at.request.mode is Mode.ESTIMATE
        result = self._estimate(at) if is_dry else self._result(progress)
        examples = {
            "unclassified": progress.unclassified,
            "left_as_is": progress.left_as_is,
            "not_done": progress.not_done,
        }
        body = {"run": at.run.id, "parameters": dict(at.run.parameters), "result": result, "examples": examples}
        text = json.dumps(body, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace")
        result["report"] = self.reports.write(now, f"{at.run.id}.json", text, "application/json")
        if is_dry:
            self._publish(messages.estimated(environment, now, at.run.id, result))
        elif result["not_done_count"]:
            self.metrics.add_metric("BackfillFailures", MetricUnit.Count, 1)
            self._publish(messages.incomplete(environment, now, at.run.id, result, progress.not_done))
        else:
            shown = progress.left_as_is + progress.unclassified
            self._publish(messages.finished(environment, now, at.run.id, result, shown))
        Runs(self.store).close(at.run, now, result)
        if not is_dry:
            self.metrics.add_metric("ObjectsTagged", MetricUnit.Count, result["written"])
        self.logger.info("closed", extra={"result": result})
        return {"outcome": "estimated" if is_dry else "finished", "run": at.run.id, "result": result}

    def _publish(self, notice: Notice) -> None:
        """The report holds the same, and a failed notice has an alarm of its own: the run does not hang on SNS."""
        self.publisher.publish(self.config.topic_arn, notice)


at_any_time = datetime.max
_ANYTHING = Request(Mode.APPLY, "any")
