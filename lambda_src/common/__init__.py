"""What the functions share: the catalogue, the rule engine, tags, notices and clients."""
