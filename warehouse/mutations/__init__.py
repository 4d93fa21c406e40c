"""SQL that removes what was erased: one file a statement, parameters bound, never formatted in.

``keys`` and ``bounds`` belong together: of each key what is older than its bound is removed.
ClickHouse keeps a mutation as soon as it has accepted it, and rewrites the parts in its own time.
"""

from importlib import resources


def mutation(name: str) -> str:
    """The text of ``warehouse/mutations/<name>.sql``."""
    return resources.files(__package__).joinpath(f"{name}.sql").read_text()


def every_mutation() -> dict[str, str]:
    """The texts of all mutations by name."""
    files = (file.name for file in resources.files(__package__).iterdir())
    names = sorted(name.removesuffix(".sql") for name in files if name.endswith(".sql"))
    return {name: mutation(name) for name in names}
