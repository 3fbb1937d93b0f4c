"""Runs over time: what each measured, in one SQLite file; medians with intervals; a gate that sees a slowdown."""
