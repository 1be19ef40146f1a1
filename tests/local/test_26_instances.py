"""The instance scheduler, deployed: its schedule stops test instances when their hours are over, and starts them again
where the hours say so."""

from datetime import timedelta

from tests.local.conftest import Platform
from tests.local.instances import LOOK, MARK, advance_to, go_to_evening, make, state, tags
from tests.patience import wait_for

OFFICE = {"kosha:schedule": "office-hours"}


def test_after_the_testing_hours_its_schedule_stops_what_is_idle_and_nothing_else(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    end = go_to_evening(platform)
    lease = (end + timedelta(hours=1)).isoformat()
    idle = make(platform, OFFICE | {"Name": "bench-1"})
    terminated = make(platform, OFFICE)
    spared = {
        "busy": make(platform, OFFICE, percent=80),
        "leased": make(platform, OFFICE | {"kosha:busy-until": lease}),
        "protected": make(platform, OFFICE | {"kosha:protect": "true"}),
        "a node": make(platform, OFFICE | {"kubernetes.io/cluster/kosha": "owned"}),
        "nobody's": make(platform, {"Name": "production"}),
    }
    with platform.only_schedules(LOOK):
        advance_to(platform, end - timedelta(minutes=15))
        assert state(platform, idle) == "running"
        ec2.terminate_instances(InstanceIds=[terminated])
        advance_to(platform, end)
        wait_for("the idle instance is stopped", lambda: state(platform, idle) == "stopped")
        assert {what: state(platform, each) for what, each in spared.items()} == dict.fromkeys(spared, "running")
        assert MARK in tags(platform, idle)
        (notice,) = wait_for("people are told", lambda: platform.notices("instances.stopped"))
        assert [each["name"] for each in notice["details"]["instances"]["items"]] == ["bench-1"]

        # The same instance in hours that start in the morning (terraform/environments/local.tfvars): they begin soon.
        ec2.create_tags(Resources=[idle], Tags=[{"Key": "kosha:schedule", "Value": "night-shift"}])
        advance_to(platform, end + timedelta(minutes=30))
        wait_for("it is started", lambda: state(platform, idle) == "running")
        wait_for("its mark is off", lambda: MARK not in tags(platform, idle))
        assert len(wait_for("people are told", lambda: platform.notices("instances.started"))) == 1
    assert len(platform.notices("instances.stopped")) == 1
    assert platform.notices("instances.failed") == []
    ec2.terminate_instances(InstanceIds=[idle, *spared.values()])
