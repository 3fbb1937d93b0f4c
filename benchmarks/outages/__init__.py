"""How well outages are seen: scripted ones, watched by our probe and by the tools that others use, in one run.

    python -m benchmarks.outages [--quick] [--one-by-one] [--into docs/benchmarks.md]     (or: make bench)

A server in a process of its own fails on purpose, and tells when to the microsecond (``server``). What watches it are
``watchers``, one module a tool, each of which turns its tool's own output into the same columns (``watched``); one
``judge`` derives outages from these, and holds them against the truth. ``docs/benchmarks.md`` says what was found.
"""
