"""Why something was not replicated."""


class ReplicationError(Exception):
    """The destination does not take the object, or S3 may not give it.

    `code` is AWS's (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-failure-codes.html); the message
    says why and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
