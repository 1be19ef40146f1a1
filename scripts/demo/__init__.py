"""``make demo``: the platform's main job on one machine, from reads on the shared storage to tagged replicas."""
