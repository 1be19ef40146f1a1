"""Which rule of a replication configuration applies to what.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
"""

from dataclasses import dataclass

from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.tagging import from_pairs


@dataclass(frozen=True)
class Subject:
    """What might be replicated: an object version with its tags, or a delete marker (which has none).

    Of a `replica` only what was changed on it, by rules that say so.
    """

    key: str
    tags: dict[str, str]
    encryption: str | None = None
    delete_marker: bool = False
    replica: bool = False


def applying(configuration: Document, subject: Subject) -> list[Document]:
    """Give the rules that replicate the subject: for each destination bucket the one of highest priority."""
    best: dict[str, Document] = {}
    for rule in configuration.get("Rules") or []:
        if rule["Status"] == "Enabled" and _matches(rule, subject) and _selects(rule, subject):
            bucket = rule["Destination"]["Bucket"]
            if bucket not in best or rule.get("Priority", 0) > best[bucket].get("Priority", 0):
                best[bucket] = rule
    return list(best.values())


def _matches(rule: Document, subject: Subject) -> bool:
    """A delete marker has no tags, so a rule that asks for some does not replicate it, whatever else it says."""
    prefix, tags = _filter(rule)
    return subject.key.startswith(prefix) and all(subject.tags.get(key) == value for key, value in tags.items())


def _filter(rule: Document) -> tuple[str, dict[str, str]]:
    """Read prefix and tags from either form of a rule."""
    given = rule.get("Filter") or {}
    both = given.get("And") or {}
    prefix = rule.get("Prefix") or given.get("Prefix") or both.get("Prefix") or ""
    tags = list(both.get("Tags") or [])
    if given.get("Tag"):
        tags.append(given["Tag"])
    return prefix, from_pairs(tags)


def _selects(rule: Document, subject: Subject) -> bool:
    if subject.delete_marker:
        # Rules of the first form (no Filter) always replicate delete markers.
        return "Filter" not in rule or (rule.get("DeleteMarkerReplication") or {}).get("Status") == "Enabled"
    if subject.replica and not syncs_changes(rule):
        return False
    if (subject.encryption or "").startswith("aws:kms"):
        criteria = rule.get("SourceSelectionCriteria") or {}
        return (criteria.get("SseKmsEncryptedObjects") or {}).get("Status") == "Enabled"
    return True


def syncs_changes(rule: Document) -> bool:
    """Say whether changes of replicas go back.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-for-metadata-changes.html
    """
    criteria = rule.get("SourceSelectionCriteria") or {}
    return rule["Status"] == "Enabled" and (criteria.get("ReplicaModifications") or {}).get("Status") == "Enabled"


def destination_of(rule: Document) -> str:
    """Name the bucket that a rule replicates to."""
    return str(rule["Destination"]["Bucket"].rpartition(":")[2])


def has_metrics(rule: Document) -> bool:
    """Say whether the rule asks for replication metrics."""
    return (rule["Destination"].get("Metrics") or {}).get("Status") == "Enabled"
