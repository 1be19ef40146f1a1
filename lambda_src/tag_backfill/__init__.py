"""Tags the objects that lie in the data lake already, in slices of any number."""
