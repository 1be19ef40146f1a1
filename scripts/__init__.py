"""The command-line programs behind the make targets."""
