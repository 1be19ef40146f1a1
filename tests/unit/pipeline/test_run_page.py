"""The page of a run: whose samples are on it, what it says of those that were stopped, and what a sample cost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.naming import SampleName
from pipelines.sequencing.run import Run
from pipelines.sequencing.status import State, Status
from pipelines.sequencing.steps import run_page
from pipelines.sequencing.steps.metrics import Use, read_use
from pipelines.sequencing.steps.publish import publish_page
from tests.unit.pipeline.samples import make_run
from tests.unit.pipeline.test_report import summary

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"


def two_projects(storage: Path, run_id: str = "week.48_a") -> Run:
    """Two samples of the example's project, and one of another."""
    run = make_run(storage, run_id, ("bwa",))
    (first,) = run.samples
    second = replace(first, name=replace(first.name, sample="S002"))
    other = replace(first, name=SampleName("other-project", "del-02", "X1"))
    for sample in (first, second, other):
        directory = run.sample_directory(sample.id)
        (directory / "benchmarks").mkdir(parents=True)
        more = "2\t{'mem_mb': 420, 'mem_mib': 400}\t{'R1': 1.5, 'R2': 2.5}"
        (directory / "benchmarks" / "trim.tsv").write_text(
            f"{HEADER}\tthreads\tresources\tinput_size_mb\n20\t0:00:20\t100\t0\t0\t0\t0\t0\t90\t3600\t{more}\n"
        )
        (directory / "benchmarks" / "check.tsv").write_text(f"{HEADER}\n5\t0:00:05\tNA\t0\t0\t0\t0\t0\t0\tNA\n")
        (directory / "bwa").mkdir()
        (directory / "bwa" / "depth.tsv").write_text("chr1\t0\t10\t50\nchr1\t10\t20\t70\n")
        document = summary(("bwa",)) | {"sample": sample.name.sample}
        (directory / "summary.json").write_text(json.dumps(document))
    return replace(run, samples=(first, second, other))


def test_reads_what_a_step_used_and_had_asked_for(tmp_path: Path) -> None:
    run = two_projects(tmp_path)
    benchmarks = run.sample_directory(run.ids[0]) / "benchmarks"
    assert read_use(benchmarks / "trim.tsv") == Use("trim", 20, 3600, 100, 400, 2, 4.0)
    assert read_use(benchmarks / "check.tsv") == Use("check", 5, 0, 0, 0, 1, 0)  # of a run that was begun before
    (page, _) = run_page.pages(run, statuses(run, *3 * [State.PUBLISHED]))
    assert '<td>trim</td><td class="number">100</td><td class="number">25 %</td>' in page.html


def statuses(run: Run, *states: State) -> list[Status]:
    return [Status(name, state, "", ["it is <cut> off"]) for name, state in zip(run.ids, states, strict=True)]


def test_each_project_has_a_page_of_its_own_samples_alone(tmp_path: Path) -> None:
    run = two_projects(tmp_path)
    pages = list(run_page.pages(run, statuses(run, State.PUBLISHED, State.STOPPED, State.PUBLISHED)))
    assert [page.key for page in pages] == [
        "quality-reports/lambda-phage/qc_lambda-phage_hyd-01_week-48-a_run.html",
        "quality-reports/other-project/qc_other-project_del-02_week-48-a_run.html",
    ]
    ours, theirs = (page.html for page in pages)
    assert "S001" in ours
    assert "it is &lt;cut&gt; off" in ours
    assert "X1" not in ours
    assert "S001" not in theirs
    assert (ours.count("<svg"), theirs.count("<svg")) == (1, 1)


def test_a_project_without_a_published_sample_has_no_page(tmp_path: Path) -> None:
    run = two_projects(tmp_path)
    pages = list(run_page.pages(run, statuses(run, State.STOPPED, State.FAILED, State.PUBLISHED)))
    assert [page.key.split("/")[1] for page in pages] == ["other-project"]


def test_says_what_the_processors_cost_only_where_their_price_is_known(tmp_path: Path) -> None:
    run = two_projects(tmp_path)
    states = statuses(run, State.PUBLISHED, State.PUBLISHED, State.PUBLISHED)
    assert "Processors, INR" not in next(run_page.pages(run, states)).html
    priced = replace(run, config={**run.config, "vcpu_hour": {"price": 4.2, "currency": "INR"}})
    page = next(run_page.pages(priced, states)).html
    assert "Processors, INR" in page
    assert '<td class="number">1.0000</td><td class="number">4.2000</td>' in page
    assert priced.parameters == run.parameters  # no result depends on it


def test_a_page_that_is_there_as_it_is_is_left_alone(tmp_path: Path) -> None:
    run = two_projects(tmp_path)
    page = next(run_page.pages(run, statuses(run, State.PUBLISHED, State.PUBLISHED, State.PUBLISHED)))
    path = publish_page(run, page)
    before = path.stat()
    assert publish_page(run, page).stat().st_ino == before.st_ino
    publish_page(run, replace(page, html="another"))
    assert path.read_text() == "another"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_multiqc_makes_its_page_once_unless_there_is_news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def multiqc_page(title: str, samples: list[Path], work: Path) -> str:
        made.append(title)
        assert [path.name for path in samples] == ["lambda-phage_hyd-01_S001", "lambda-phage_hyd-01_S002"]
        return "page"

    monkeypatch.setattr(run_page, "multiqc_page", multiqc_page)
    run = two_projects(tmp_path)
    run = replace(run, samples=run.samples[:2])
    states = statuses(run, State.PUBLISHED, State.PUBLISHED)
    for has_news in (False, False, True):
        for page in run_page.pages(run, states, with_multiqc=True, has_news=has_news):
            publish_page(run, page)
    assert len(made) == 2
    assert (run.published / "quality-reports/lambda-phage/qc_lambda-phage_hyd-01_week-48-a_multiqc.html").is_file()
