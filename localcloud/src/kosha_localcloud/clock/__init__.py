"""The time of the local cloud, and what happens when it passes."""
