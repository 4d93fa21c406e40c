"""A warehouse with years of a busy shop in it, made in the engine from numbers and hashes."""
