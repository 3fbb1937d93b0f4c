"""Undo, by crash points: a process that breaks a mesh is killed at every step, and the mesh compared with what it was.

One mesh lives through all kills (``--meshes`` at a time, side by side). For each a process of its own breaks it as an
experiment does (``chaos.breaking``: record, inject, prove, restore, without the probe), and is killed: at every point
that it passes (each write of the journal: before, torn in the middle, after; each call of the platform and each request
by which that changes something: before and after), and at random moments, of which a third kills the first repair too.
Then ``mesh-chaos restore`` runs from the journal alone, and everything that the mesh shows of itself must be what it
was before: control planes' resources, processes, sockets, files, leases, who answers. Nothing may be left beside it.

Run: python -m benchmarks.crash_points [--platform universal] [--kills 500] [--seed 1] [--fault NAME ...] [--meshes 2]
On clusters: mesh-chaos testbed run -- python -m benchmarks.crash_points --platform kubernetes --meshes 1
"""
