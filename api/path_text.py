"""Any text in a path: ``{user_id:text}``.

Starlette's own ``path`` matches no line end, so an account whose id has one could not be asked for.
"""

from starlette.convertors import Convertor, register_url_convertor


class TextConvertor(Convertor[str]):
    """Takes all that stands there, slashes and line ends too."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        """As it stands."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


def install() -> None:
    """Make ``text`` known to paths of routes; to repeat it is harmless."""
    register_url_convertor("text", TextConvertor())
