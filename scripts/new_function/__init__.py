"""``make new-function``: a whole function from a template, which passes every test as it is."""
