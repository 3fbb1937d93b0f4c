"""The experiments that a user runs: ``pytest -m failover``. Each test is one sentence about the mesh."""
