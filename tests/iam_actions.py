"""Which IAM actions an API call needs, where that is not simply ``service:Operation``.

From the service authorization reference (https://docs.aws.amazon.com/service-authorization/latest/reference/) and, for
S3, from "Required permissions for Amazon S3 API operations"
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Needed by calls without being called: the key behind a topic, bucket or volume, the role handed to a job,
# and 404 instead of 403 for what is gone.
INDIRECT = frozenset({"iam:PassRole", "kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey", "s3:ListBucketVersions"})
_OTHER_NAMES = {
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:UploadPart": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "lambda:Invoke": "lambda:InvokeFunction",
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api.html
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "s3control:CreateJob": "s3:CreateJob",
    "s3control:DescribeJob": "s3:DescribeJob",
    "s3control:UpdateJobStatus": "s3:UpdateJobStatus",
    "s3control:ListJobs": "s3:ListJobs",
}
_BY_VERSION = {
    "s3:GetObject": "s3:GetObjectVersion",
    "s3:GetObjectTagging": "s3:GetObjectVersionTagging",
    "s3:PutObjectTagging": "s3:PutObjectVersionTagging",
    "s3:DeleteObject": "s3:DeleteObjectVersion",
}


def action_of(service: str, operation: str, parameters: Mapping[str, Any] | None = None) -> str:
    """The IAM action behind a call, by botocore's names of the service and the operation."""
    action = f"{service}:{operation}"
    action = _OTHER_NAMES.get(action, action)
    return _BY_VERSION.get(action, action) if parameters and parameters.get("VersionId") else action
