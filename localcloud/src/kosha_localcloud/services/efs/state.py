"""What EFS keeps beside moto's records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kosha_localcloud.services.operations import Document, ServiceTable
from kosha_localcloud.services.regional import Regional

table = ServiceTable("efs", moto=True)


class Kept:
    """What moto does not keep, by file-system id."""

    def __init__(self) -> None:
        self.backup_policy: dict[str, Document] = {}
        self.protection: dict[str, str] = {}
        self.resource_id_preference = "LONG_ID"

    def protection_of(self, identifier: str) -> str:
        """Whether a file system may be overwritten by a replication."""
        return self.protection.get(identifier, "ENABLED")


KEPT: Regional[Kept] = Regional(Kept)


@dataclass
class Replication:
    """One file system that is kept as another is. Each region has its side of the configuration, in `sides`."""

    account: str
    source: str
    source_region: str
    source_arn: str
    target: str
    target_region: str
    created: datetime
    role: str | None
    sides: set[str] = field(default_factory=set)
    synced: datetime | None = None

    @property
    def members(self) -> set[str]:
        """The file systems that cannot be deleted because of it."""
        ends = {self.source_region: self.source, self.target_region: self.target}
        return {ends[region] for region in self.sides}

    @property
    def is_whole(self) -> bool:
        """Whether both sides have the configuration: only then something is copied."""
        return self.sides == {self.source_region, self.target_region}


REPLICATIONS: list[Replication] = []
