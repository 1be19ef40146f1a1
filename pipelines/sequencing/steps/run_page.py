"""The page of a run, for the people of one project and site: its samples side by side, and what each took.

Unlike a sample's report it tells of the run: times and memory are those that Snakemake measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.naming import SampleName, catalogue
from pipelines.sequencing.run import Run
from pipelines.sequencing.sample import Sample
from pipelines.sequencing.status import State, Status
from pipelines.sequencing.steps.chart import Series, line_chart
from pipelines.sequencing.steps.metrics import Use, read_depths, read_use
from pipelines.sequencing.steps.multiqc import multiqc_page
from pipelines.sequencing.steps.report import TITLES, template

_TEMPLATE = "run.html.j2"


@dataclass(frozen=True)
class Row:
    """A sample on the page; ``summary`` is empty and there is no chart unless it was published."""

    sample: Sample
    status: Status
    summary: dict[str, Any]
    depth_chart: str
    uses: list[Use]

    @property
    def cpu_hours(self) -> float:
        return sum(use.cpu_seconds for use in self.uses) / 3600


@dataclass(frozen=True)
class Page:
    """A page and its key below ``published/``."""

    key: str
    html: str


def pages(run: Run, statuses: list[Status], with_multiqc: bool = False, has_news: bool = True) -> Iterator[Page]:
    """Our page, and if wanted MultiQC's, for each project and site that has a published sample in the run.

    MultiQC writes the date into its page; one that is there is made anew only where the run ``has_news``.

    Raises:
        MultiqcError: MultiQC is wanted and is not here, or fails.
    """
    by_id = {status.sample: status for status in statuses}
    for project, site in sorted({(sample.name.project, sample.name.site) for sample in run.samples}):
        own = [sample for sample in run.samples if (sample.name.project, sample.name.site) == (project, site)]
        rows = [_row(run, sample, by_id[sample.id]) for sample in own]
        if any(row.summary for row in rows):
            # The catalogue's names have one more place, for a sample; here it is the run's.
            name = SampleName(project, site, run.id.translate(str.maketrans("._", "--")).strip("-"))
            yield Page(catalogue().key("quality_report", name, "run", "html"), _render(run, project, site, rows))
            key = catalogue().key("quality_report", name, "multiqc", "html")
            if with_multiqc and (has_news or not (run.published / key).is_file()):
                finished = [run.sample_directory(row.sample.id) for row in rows if row.summary]
                html = multiqc_page(f"{project}, {site}, run {run.id}", finished, run.directory / ".multiqc.tmp")
                yield Page(key, html)


def _row(run: Run, sample: Sample, status: Status) -> Row:
    directory = run.sample_directory(sample.id)
    uses = [read_use(path) for path in sorted((directory / "benchmarks").glob("*.tsv"))]
    if status.state is not State.PUBLISHED:
        return Row(sample, status, {}, "", uses)
    summary = json.loads((directory / "summary.json").read_text(encoding="utf-8"))
    return Row(sample, status, summary, _depth_chart(directory / sample.aligners[0] / "depth.tsv", sample), uses)


def _depth_chart(path: Path, sample: Sample) -> str:
    offset, points = 0, []
    for window in read_depths(path):
        length = window.end - window.start
        points.append((offset + length / 2, window.depth))
        offset += length
    title = TITLES[sample.aligners[0]]
    return line_chart(
        [Series(title, "series-1", points, filled=True)],
        x_label="position in the genome (bases)",
        y_label="mean depth",
        title=f"Depth along the genome, {sample.name.sample}, {title}",
        size=(420, 190),
    )


def _render(run: Run, project: str, site: str, rows: list[Row]) -> str:
    longest = max((sum(use.seconds for use in row.uses) for row in rows), default=0.0) or 1.0
    return template(_TEMPLATE).render(
        run=run,
        project=project,
        site=site,
        rows=rows,
        titles=TITLES,
        longest=longest,
        price=run.config.get("vcpu_hour"),
    )
