"""The plain ways of the pairs that are modules of their own."""
