"""SQL by the question it answers: one file a question, parameters bound, never formatted in."""

from importlib import resources


def query(name: str) -> str:
    """The text of ``warehouse/queries/<name>.sql``."""
    return resources.files(__package__).joinpath(f"{name}.sql").read_text()
