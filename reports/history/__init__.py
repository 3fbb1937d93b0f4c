"""Runs over time: what each measured, in one SQLite file; medians with intervals; a gate that sees a slowdown."""

FILE_NAME = "history.sqlite"
"""What the file is called unless told otherwise."""
