"""What ``make policy`` looks at beside checkov: where things lie, who comes in, what roles may do (docs/adr/0028)."""
