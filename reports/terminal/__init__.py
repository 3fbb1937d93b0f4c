"""The summary that a run prints at its end: experiments, repeats, policies, claims, sabotages, soaks, wall time."""

from reports.terminal import sabotages, soaks, summary, walltime

__all__ = ["sabotages", "soaks", "summary", "walltime"]
