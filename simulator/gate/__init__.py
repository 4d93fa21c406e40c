"""The gate: every pack is played against a live stack, and what it catches is measured."""
