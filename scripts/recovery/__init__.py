"""What brings the platform up in the recovery region, and back again: the commands of the two runbooks.

Nothing of the way over calls the primary region: documents are read in the recovery region, and IAM is global.
"""
