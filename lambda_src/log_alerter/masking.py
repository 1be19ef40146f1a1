"""What a notice shows of a log line: a part of it, with secrets made unreadable."""

from __future__ import annotations

import re

MASK = "***"
LIMIT = 600
# So much of a line is looked at: far more than is shown, and far less than a line may hold.
LOOKED_AT = 16_384
# The forms of credentials that AWS, Kubernetes, HTTP and common tools write. What is masked is the value, not its name.
# Whatever may be repeated before the word that gives a secret away is bounded: a line may be a megabyte of letters.
# Access keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
_SECRETS = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL), MASK),
    (re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}\b"), MASK),
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]+){1,2}"), MASK),
    (re.compile(r"\bk8s-aws-v1\.[\w-]+=*"), MASK),
    (re.compile(r"\b(?:ghp|gho|ghs|ghu|github_pat|glpat|xox[abprs])[-_][\w-]{10,}"), MASK),
    (re.compile(r"(?i)\b(bearer|basic|negotiate)(\s+)[\w+/.~=-]{8,}"), rf"\1\2{MASK}"),
    (re.compile(r"(?i)(\bhttps?://[^/\s:@]+:)[^/\s@]+(@)"), rf"\1{MASK}\2"),
    (re.compile(r"(?i)(X-Amz-(?:Signature|Security-Token|Credential)(?:=|%3D))[^&\s\"']+"), rf"\1{MASK}"),
    (
        re.compile(
            r"(?i)([\w-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
            r"|session[_-]?key|credential|authorization|cookie)[\w-]{0,40}\\?[\"']?\s*[:=]\s*)"
            r"(\\?\"(?:[^\"\\]|\\[^\"])*\\?\"|'[^']*'|[^\s,;&\"'}\]]+)"
        ),
        rf"\1{MASK}",
    ),
)


def shown(message: str, limit: int = LIMIT) -> str:
    """The message with secrets masked and then shortened: a secret cut in half would no longer be known for one.

    Half a surrogate pair, which JSON may hold and UTF-8 may not, becomes a question mark.
    """
    message = message[:LOOKED_AT].encode("utf-8", "replace").decode("utf-8")
    for pattern, replacement in _SECRETS:
        message = pattern.sub(replacement, message)
    message = message.strip()
    return message if len(message) <= limit else f"{message[: limit - 1]}…"
