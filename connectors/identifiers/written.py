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
_FRACTION = re.compile(r"(?<=\d{6})[.,]0{1,2}$")
_POWER = re.compile(r"[-+]?(\d)(?:[.,](\d+))?e\+?(\d{1,2})", re.IGNORECASE)
_SHOWN_IN_FULL = 8
"""Digits behind the point. A spreadsheet shows fewer when it rounds; programs show them all."""


def with_ascii_digits(text: str) -> str:
    """A text whose decimal digits, of whatever script, are ASCII."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in text)


def ascii_digits(text: str) -> str:
    """The decimal digits of a text, of whatever script, as ASCII."""
    return _DIGITS.sub("", with_ascii_digits(text))


def from_spreadsheet(seen: str) -> str | None:
    """A visible text without what made it a number: ``4.6701234568E10``, ``46701234568.0``.

    None for a number that was rounded on its way (``4.67012E+10``); any other text as it is.
    """
    power = _POWER.fullmatch(seen)
    if power is None:
        return _FRACTION.sub("", seen)
    whole, behind, exponent = power[1], power[2] or "", int(power[3])
    if exponent and len(behind.rstrip("0")) < min(exponent, _SHOWN_IN_FULL):
        return None
    return (whole + behind.ljust(exponent, "0"))[: exponent + 1]
