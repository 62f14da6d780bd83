"""A seeded simulation: whole runs in worlds full of faults, on a clock of their own, held against the promises.

`python -m tests.simulation --seeds 1000`, or `make simulate SEEDS=1000`.
"""
