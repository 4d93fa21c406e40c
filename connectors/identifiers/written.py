"""Text without what the eye does not see. Pure."""

import re
import unicodedata

_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0\u034f"
"""Letters and signs that show nothing: fillers of Hangul, the empty Braille pattern, a joiner."""

_LONGEST_COMPOSED = 4_096
"""Characters. Composing takes time that grows with the square of a row of accents."""


def visible(text: str) -> str:
    """A text as it is seen: one form for each character, nothing invisible, no blanks around.

    Compatibility forms are composed (Unicode NFKC: full-width letters, ligatures, combining
    accents), control and format characters (categories Cc and Cf: zero-width spaces, direction
    marks, soft hyphens) and blank letters go. Idempotent.
    """
    if text.isascii() and text.isprintable():  # nearly all
        return text.strip()
    seen = _without_invisible(text)
    while True:
        shown = _without_invisible(composed(seen))
        if shown == seen:
            return shown
        seen = shown  # what went may have kept two characters from composing


def composed(text: str) -> str:
    """Unicode's NFKC; a text of more than 4,096 characters, which identifies nothing, as it is."""
    return unicodedata.normalize("NFKC", text) if len(text) <= _LONGEST_COMPOSED else text


def _without_invisible(text: str) -> str:
    return "".join(filter(_is_visible, text)).strip()


def _is_visible(sign: str) -> bool:
    if sign in _BLANK_LETTERS or "\ufe00" <= sign <= "\ufe0f":
        return False
    return sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cf")


_DIGITS = re.compile(r"\D+")


def ascii_digits(text: str) -> str:
    """The decimal digits of a text, of whatever script, as ASCII."""
    if not text.isascii():
        text = "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in text)
    return _DIGITS.sub("", text)
