"""What a reader must know of how real the local cloud is, beyond which operations answer. Shown in CAPABILITIES.md."""

from typing import NamedTuple


class Behaviour(NamedTuple):
    """One thing AWS does, how much of it happens here (real, stored only, absent), and what is different."""

    service: str
    what: str
    depth: str
    remark: str


BEHAVIOURS = (
    Behaviour(
        "IAM",
        "Identity, resource, boundary and session policies, conditions",
        "real",
        "for calls with a key of IAM or STS, see README.md; any other key may do anything",
    ),
    Behaviour("IAM", "Assuming a role", "real", "by its trust policy; a session does not end by itself"),
    Behaviour(
        "S3",
        "Bucket policies",
        "real",
        "of the public access block only what shuts public policies out; TLS is what a header says; no ACLs",
    ),
    Behaviour(
        "S3",
        "Object versions, tags, multipart uploads, checksums",
        "real",
        "at most ten tags of 128 and 256 characters",
    ),
    Behaviour(
        "S3",
        "Replication to other buckets and regions",
        "real",
        "new object versions, metadata, tags, locks, delete markers, both ways without circles, changes of replicas, "
        "status, RTC metrics, the role's rights, a lag by the clock; not: ACL changes, s3:Replication events, "
        "notifications of the replica bucket",
    ),
    Behaviour(
        "S3", "Lifecycle: expiry and storage-class transitions", "stored only", "nothing expires; a class is a label"
    ),
    Behaviour(
        "S3", "Encryption with KMS", "stored only", "bytes are not encrypted; key, algorithm and bucket key are shown"
    ),
    Behaviour("S3", "Object Lock", "real", "as LocalStack does it"),
    Behaviour("S3", "Server access logs, inventory, analytics", "stored only", "nothing is written"),
    Behaviour("S3", "Events to EventBridge, SQS, SNS and Lambda", "real", ""),
    Behaviour(
        "S3 Control",
        "Jobs of S3 Batch Operations",
        "real",
        "S3PutObjectTagging from a CSV manifest, S3ReplicateObject from a generated one that is not kept, with "
        "completion report, in the job's role. The host names carry the account and resolve in functions only",
    ),
    Behaviour("S3 Control", "Account settings, access points", "absent", "as above; the rest is moto's records"),
    Behaviour("KMS", "Keys, encryption, aliases, replica keys, key policies, grants", "real", ""),
    Behaviour("ECR", "Repositories, lifecycle, replication", "stored only", "no registry to push to or to pull from"),
    Behaviour(
        "EFS", "File systems and access points", "real", "a directory each; owner and mode as the access point says"
    ),
    Behaviour(
        "EFS", "Mount targets, security groups, file-system policy", "stored only", "nothing is mounted or refused"
    ),
    Behaviour(
        "EFS",
        "Replication to other regions",
        "real",
        "every five minutes, or as late as told; it can be written",
    ),
    Behaviour(
        "EFS", "Lifecycle, throughput, backup policy", "stored only", "nothing moves to a colder class or is slower"
    ),
    Behaviour(
        "DataSync",
        "Executions from EFS to S3",
        "real",
        "filters, changed files, folders and links, overwrite, deletion, verification by checksum, bandwidth, "
        "queueing, cancelling; not: hard links as one, device files, manifests",
    ),
    Behaviour(
        "DataSync", "Task reports, events, logs, metrics", "real", "metrics at the end instead of every five minutes"
    ),
    Behaviour("DataSync", "Schedules of tasks", "stored only", "start executions through EventBridge Scheduler"),
    Behaviour("DataSync", "Other locations and directions, Enhanced mode, agents", "absent", ""),
    Behaviour(
        "EKS", "Clusters, node groups, add-ons, access, pod identity", "stored only", "no Kubernetes, no instance"
    ),
    Behaviour(
        "Backup",
        "Plans, recovery points, copies, ends, restores, locks and policies of vaults, events, metrics",
        "real",
        "of volumes and file systems, in the role they are given; jobs are over at once; no windows, no cold storage",
    ),
    Behaviour("Backup", "Restore testing, frameworks, report plans", "stored only", "nothing is tested or reported"),
    Behaviour(
        "CloudTrail", "Trails, event selectors", "stored only", "no call is logged, to a bucket or to EventBridge"
    ),
    Behaviour("Config", "Recorder, delivery channel, rules", "stored only", "nothing is recorded or evaluated"),
    Behaviour("Budgets, Cost Explorer", "Budgets, anomaly monitors, allocation tags", "stored only", "nothing costs"),
    Behaviour("GuardDuty, Access Analyzer", "Detectors, features, analyzers", "stored only", "nothing is ever found"),
    Behaviour(
        "EC2", "VPC, subnets, routes, endpoints, security groups", "stored only", "no packet is carried or refused"
    ),
    Behaviour(
        "Lambda",
        "Functions, aliases, event sources, dead letters",
        "real",
        "a process each, on this machine's processor",
    ),
    Behaviour("Lambda", "Timeout, memory limit, environment, layers, EFS mounts", "real", "see README.md"),
    Behaviour("Lambda", "VPC, architecture, ephemeral storage, other languages", "stored only", "see README.md"),
    Behaviour("EventBridge", "Rules, patterns, targets, schedules", "real", "fired by the local clock"),
    Behaviour(
        "EventBridge Scheduler",
        "Schedules, retries, dead letters",
        "real",
        "fired by the local clock, with the rights of their role",
    ),
    Behaviour(
        "CloudWatch",
        "Metrics and metric math",
        "real",
        "dimensions are exact; functions AVG, SUM, MIN, MAX, ABS, CEIL, FLOOR, IF, FILL, PERIOD and bands, others are "
        "refused; no percentiles, no SEARCH; periods begin with the time that is asked for",
    ),
    Behaviour(
        "CloudWatch",
        "Metric alarms, missing data",
        "real",
        "looked at once in all their periods of real time, and when asked to by a control call",
    ),
    Behaviour(
        "CloudWatch",
        "Anomaly bands",
        "real",
        "mean and standard deviations of the two weeks before; CloudWatch learns hours and weekdays",
    ),
    Behaviour(
        "CloudWatch",
        "Composite alarms and what suppresses them",
        "real",
        "ALARM, OK, INSUFFICIENT_DATA, AND, OR, NOT, TRUE, FALSE; alarms of one control call are within the wait "
        "period, the extension period is none",
    ),
    Behaviour("CloudWatch", "Dashboards", "stored only", "scripts/demo draws them"),
    Behaviour("CloudWatch Logs", "Groups and streams", "real", "retention is stored only"),
    Behaviour(
        "CloudWatch Logs",
        "Subscription filters to Lambda",
        "real",
        "matched by their patterns and delivered asynchronously, each event once; terms match anywhere in a line; "
        "refused: patterns for columns, other destinations; not: control messages, tries again when Lambda refuses",
    ),
    Behaviour("CloudWatch Logs", "Metrics in log lines (Embedded Metric Format)", "real", ""),
    Behaviour("CloudWatch Logs", "Metric filters", "real", "patterns as above"),
    Behaviour("CloudWatch Logs", "Saved queries", "stored only", "Logs Insights answers nothing"),
    Behaviour(
        "SNS",
        "Topics, subscriptions to SQS and Lambda, topic policies",
        "real",
        "e-mail and SMS go to the local mailbox",
    ),
    Behaviour("SQS", "Queues, redrive, queue policies", "real", "what services deliver is let in by itself"),
    Behaviour("SSM", "Parameters", "real", ""),
)
