"""The auditor, deployed: its daily schedule finds what was put into the lake by hand and nothing else."""

import json
from datetime import timedelta

from tests.local.conftest import Platform
from tests.patience import wait_for

FOLDER = "variant-calls/audit"
RIGHT = "data_class=variant_calls&sensitivity=controlled&project=audit&site=hyd-01"

# More sensitive than its name says, and another project's: a researcher of that project could read it.
MARKED = "data_class=variant_calls&sensitivity=restricted&project=other&site=hyd-01"


def key(name: str) -> str:
    return f"{FOLDER}/vc_audit_hyd-01_{name}.vcf.gz"


def test_the_morning_s_audit_tells_what_has_no_tags_and_what_has_others(platform: Platform) -> None:
    s3, bucket = platform.client("s3"), platform.storage["lake_bucket"]
    tags = {"A1": RIGHT, "A2": "", "A3": RIGHT.replace("project=audit", "project=other"), "A4": MARKED}
    for name, tagging in tags.items():
        s3.put_object(Bucket=bucket, Key=key(name), Body=b"x", Tagging=tagging)
    before = len(platform.notices("data.audit_finished"))
    with platform.only_schedules("-audit"):
        if (until := platform.until("tag-auditor-audit")) < timedelta(hours=4):  # they would still be fresh
            platform.cloud.advance_clock(int(until.total_seconds()) + 60)
            wait_for("an audit has ended", lambda: len(platform.notices("data.audit_finished")) == before + 1)
            before += 1
        platform.cloud.advance_clock(int(platform.until("tag-auditor-audit").total_seconds()) + 60)
        wait_for("the audit has ended", lambda: len(platform.notices("data.audit_finished")) == before + 1)
    notice = platform.notices("data.audit_finished")[-1]
    found = {each["key"]: each["finding"] for each in notice["details"]["findings"]["items"]}
    assert {name: verdict for name, verdict in found.items() if name.startswith(FOLDER)} == {
        key("A2"): "untagged",
        key("A3"): "wrong",
        key("A4"): "contradictory",
    }
    lines = []
    for address in notice["details"]["result"]["reports"]:
        name = address.removeprefix(f"s3://{platform.storage['reports_bucket']}/")
        body = s3.get_object(Bucket=platform.storage["reports_bucket"], Key=name)["Body"].read()
        lines += [json.loads(line) for line in body.splitlines()]
    assert {line["key"]: line["finding"] for line in lines} == found
    assert notice["details"]["to_mend"].startswith("make backfill")
    alarm = f"{platform.environment.prefix}-tag-correctness"

    def state() -> str:
        [found] = platform.cloud.control("POST", "alarms/evaluate", {"name": alarm})  # as CloudWatch does every minute
        return str(found["state"])

    wait_for("the alarm on wrong tags", lambda: state() == "ALARM")
    for name in tags:
        s3.delete_object(Bucket=bucket, Key=key(name))
