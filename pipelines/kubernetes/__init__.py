"""Steps of the sequencing workflow as Jobs of Kubernetes."""
