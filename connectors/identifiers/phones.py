"""Which number is dialled, and how it is written. Pure.

Numbers are read by libphonenumber's Python port: the only way to know that +46 70, 0046 70,
(+46) 070 and, for a Swedish shop, 070 begin one number, while +39 06 and +39 6 do not.
"""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

from connectors.identifiers.placeholders import (
    Form,
    empty_form,
    empty_run,
    is_masked,
    placeholder_word,
)
from connectors.identifiers.reading import BLANK, Reading
from connectors.identifiers.written import ascii_digits, visible

_LONGEST_PHONE = 64
_LEAST_DIGITS, _LEAST_BEFORE_LETTERS = 5, 3
_ROUNDED = re.compile(r"[-+]?\d(?:[.,]\d+)?e\+?\d{1,2}", re.IGNORECASE)
_ROUNDED_DIGITS, _ROUNDED_ZEROS = 10, 5
_BEFORE = re.compile(r"^[^\d+(]+")
_FRACTION = re.compile(r"(?<=\d{6})[.,]0$")
_EXTENSION = re.compile(
    r"(?<=\d)[\s,;/.\-(]*(?:#|x|ext|extn|extension|\u0434\u043e\u0431|durchwahl|int|poste)"
    r"[\s.:=#]*\d{0,9}[\s.)]*$",
    re.IGNORECASE,
)
_ABROAD = re.compile(r"(?:\(\s*)?(?:\+|00)\s*(?=[1-9(])")
_COVERED = re.compile(r"x{3,}", re.IGNORECASE)
_RUNS = re.compile(r"(.)\1*", re.DOTALL)
_LONGEST_SHAPE = 32


def read_phone(text: str, country: str | None) -> Reading:
    """The number that a text dials: digits in international form, as far as that is known.

    Args:
        text: as it came.
        country: where the shop is (ISO 3166, two letters), if it is known. A number without
            ``+`` or ``00`` is one of that country; without a country it is an international one
            if it can be, else its digits stand for themselves.

    An extension goes: whoever holds the line holds its verification codes. Text of fewer than five
    digits is no number.
    """
    seen = visible(text)
    if not seen:
        return BLANK
    word = placeholder_word(seen)
    if word is not None:
        return Reading(None, word)
    if _ROUNDED.fullmatch(seen):
        return Reading(None, Form.ROUNDED)
    if empty_form(seen) is Form.SIGNS:
        return Reading(None, Form.SIGNS)
    if is_masked(seen) or _COVERED.search(seen):
        return Reading(None, Form.MASKED)
    line = seen[:_LONGEST_PHONE]
    for what_is_not_dialled in (_BEFORE, _EXTENSION, _FRACTION):
        line = what_is_not_dialled.sub("", line)
    number = _number(line, country)
    national = _national(number) if number else _spelt(line)
    digits = f"{number.country_code}{national}" if number else national
    form = _form(digits, national)
    return Reading(None, form) if form else Reading(digits)


def phone_shape(phone: str) -> str:
    """How a phone number is written, not which: ``+1 555`` is ``:+191 193``.

    The leading digit stays, as it tells the country or area; each run of digits (9), letters
    (a) or an equal sign (itself) follows with its length.
    """
    if phone.isdigit() and len(phone) <= _LONGEST_SHAPE:
        return f"{phone[0]}:9{len(phone)}"
    text = phone[:_LONGEST_SHAPE]
    classes = "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in text)
    runs = "".join(f"{run[1]}{len(run[0])}" for run in _RUNS.finditer(classes))
    first = text[0] if text[:1].isdigit() else ""
    return f"{first}:{runs}" + ("…" if len(phone) > _LONGEST_SHAPE else "")


def _number(line: str, country: str | None) -> PhoneNumber | None:
    """The number that is meant; None where it is in no country's plan."""
    abroad = _ABROAD.match(line)
    if abroad is not None:
        return _possible("+" + line[abroad.end() :], None)
    home = _possible(line, country) if country else None
    if home is not None and phonenumbers.is_valid_number(home):
        return home
    return _possible(f"+{line.lstrip('+( ')}", None) or home


def _possible(line: str, country: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(line, country)
    except NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _spelt(line: str) -> str:
    """The digits of a line, letters among them as on a telephone's keys (ITU-T E.161)."""
    digits = ascii_digits(line)
    if len(digits) < _LEAST_BEFORE_LETTERS:
        return digits
    return ascii_digits(phonenumbers.convert_alpha_characters_in_number(line))


def _national(number: PhoneNumber) -> str:
    return phonenumbers.national_significant_number(number)


def _form(digits: str, national: str) -> Form | None:
    if len(digits) < _LEAST_DIGITS:
        return empty_run(digits) or Form.UNREADABLE if digits else Form.UNREADABLE
    if len(digits) >= _ROUNDED_DIGITS and digits.endswith("0" * _ROUNDED_ZEROS):
        return empty_run(digits) or empty_run(national) or Form.ROUNDED
    return empty_run(digits) or empty_run(national)
