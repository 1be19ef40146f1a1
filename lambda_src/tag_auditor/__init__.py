"""tag_auditor: looks every morning whether each object of the data lake has tags, and the right ones. It only looks."""
