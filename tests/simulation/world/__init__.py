"""A small AWS with one virtual clock: boto3 clients that answer as AWS does, without a network, threads or chance."""
