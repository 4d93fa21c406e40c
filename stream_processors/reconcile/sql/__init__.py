"""What is asked of PostgreSQL: one file a question, parameters numbered, never formatted in."""

from importlib import resources


def sql(name: str) -> bytes:
    """The text of ``<name>.sql``."""
    return resources.files(__package__).joinpath(f"{name}.sql").read_bytes()
