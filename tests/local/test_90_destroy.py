"""Destroy leaves nothing (this runs last)."""

from scripts.infrastructure import commands
from scripts.leftovers import find_leftovers
from tests.local.conftest import Platform


def test_destroy_leaves_no_resource_in_either_region(platform: Platform) -> None:
    assert commands.destroy(platform.environment, None, None) == 0
    regions = (platform.environment.region, platform.environment.recovery_region)
    assert find_leftovers(platform.cloud, regions) == {}
