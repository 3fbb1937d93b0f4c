"""The summary that a run prints at its end: a module for each of its parts."""

from reports.terminal import again, sabotages, soaks, summary, walltime

__all__ = ["again", "sabotages", "soaks", "summary", "walltime"]
