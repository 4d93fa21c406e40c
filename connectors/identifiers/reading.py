"""What a text is read as: an identifier, or something that stands for none."""

from typing import NamedTuple


class Reading(NamedTuple):
    """An identifier as it is compared, or why the text is none.

    Attributes:
        canonical: equal for all writings of one identifier; None where it identifies nobody.
        placeholder: what the text is instead: a listed word as it is listed, or the name of a form
            (:class:`connectors.identifiers.placeholders.Form`); None for an identifier, and for
            a text that is blank.
    """

    canonical: str | None
    placeholder: str | None = None


BLANK = Reading(None)
