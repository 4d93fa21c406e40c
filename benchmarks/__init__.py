"""Figures of speed, measured against the running system. ``python -m benchmarks [name …]``."""
