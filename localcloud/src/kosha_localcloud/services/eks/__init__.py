"""EKS, the AWS side of it: clusters, node groups, add-ons, access entries and pod identity, at once ACTIVE.

There is no Kubernetes behind it: a cluster's endpoint is a name that nothing answers to. The documents follow
https://docs.aws.amazon.com/eks/latest/APIReference/API_Types.html.
"""

from kosha_localcloud.services.eks import access, addons, clusters, nodegroups, pod_identity, tags
from kosha_localcloud.services.eks.state import table

__all__ = ["access", "addons", "clusters", "nodegroups", "pod_identity", "table", "tags"]
