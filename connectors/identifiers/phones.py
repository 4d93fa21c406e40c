"""Which number is dialled, and how it is written. Pure.

Numbers are read by libphonenumber's Python port: the only way to know that +46 70, 0046 70,
(+46) 070 and, for a Swedish shop, 070 begin one number, while +39 06 and +39 6 do not.
"""

import re

import phonenumbers
from phonenumbers import (
    CountryCodeSource,
    NumberParseException,
    PhoneNumber,
    PhoneNumberType,
    ValidationResult,
)

from connectors.identifiers.placeholders import (
    Form,
    empty_form,
    empty_run,
    is_masked,
    placeholder_word,
)
from connectors.identifiers.reading import BLANK, Reading
from connectors.identifiers.written import (
    ascii_digits,
    from_spreadsheet,
    visible,
    with_ascii_digits,
)

_LONGEST_PHONE = 64
_LEAST_DIGITS, _LEAST_BEFORE_LETTERS, _LEAST_WHOLE = 5, 3, 7
_ROUNDED_DIGITS, _ROUNDED_ZEROS = 10, 5
_BEFORE = re.compile(r"^[^\d+(]+")
_EXTENSION = re.compile(
    r"(?<=\d)[\s,;/.\-(]*(?:#|x|ext|extn|extension|\u0434\u043e\u0431|durchwahl|int|poste)"
    r"[\s.:=#]*\d{0,9}[\s.)]*$",
    re.IGNORECASE,
)
# What people write behind a number: whose it is, or another one.
_REMARK = re.compile(r"(@.*|[\s(\-\u2013,/]+[^\W\d_]{2,}\D*)$")
_SECOND = re.compile(r"\s*[/;,|]\s*")
_SURELY_WHOLE = 9
"""Digits. So many are a number, though nobody says of which country."""
_ABROAD = re.compile(r"(?:\(\s*)?(?:\+|00)\s*(?=[1-9(])")
_COVERED = re.compile(r"[x#_](?:[\s.\-]*[x#_]){2,}", re.IGNORECASE)
# Until 2019 Mexican mobiles had a 1 behind the country's code, and 044 or 045 before them at home.
_MEXICAN_MOBILE = re.compile(r"(?:00)?521(\d{10})")
_MEXICAN_PREFIX = re.compile(r"(?:01|04[45])(\d{10})")
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_RUNS = re.compile(r"(.)\1*", re.DOTALL)
_LONGEST_SHAPE = 32


def read_phone(text: str, country: str | None) -> Reading:
    """The number that a text dials: digits in international form, as far as that is known.

    Args:
        text: as it came.
        country: where the shop is (ISO 3166, two letters), if it is known. A number without
            ``+`` or ``00`` is one of that country; without a country it is an international one
            if it can be, else its digits stand for themselves.

    An extension goes: whoever holds the line holds its verification codes; and so does what is
    written behind a number. Text of fewer than five digits is no number, nor is one that is dialled
    within a town alone.
    """
    seen = visible(text)
    if not seen:
        return BLANK
    shown = from_spreadsheet(seen)
    if shown is None:
        return Reading(None, Form.ROUNDED)
    stands_for = placeholder_word(seen) or _empty(seen)
    if stands_for is not None:
        return Reading(None, stands_for)
    line = with_ascii_digits(shown[:_LONGEST_PHONE])
    for what_is_not_dialled in (_BEFORE, _EXTENSION):
        line = what_is_not_dialled.sub("", line)
    line = _alone(line, country)
    number = _number(line, country)
    if number is None and country and _is_local(line, country):
        return Reading(None, Form.UNREADABLE)
    national = _national(number) if number else _spelt(line)
    digits = f"{number.country_code}{national}" if number else national
    form = _form(digits, national)
    return Reading(None, form) if form else Reading(digits)


def _empty(seen: str) -> Form | None:
    if empty_form(seen) is Form.SIGNS:
        return Form.SIGNS
    return Form.MASKED if is_masked(seen) or _COVERED.search(seen) else None


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


def _alone(line: str, country: str | None) -> str:
    """The number without a remark, or another number, behind it."""
    first, *others = _SECOND.split(line, maxsplit=1)
    if others and min(map(_digits_in, (first, others[0]))) >= _LEAST_WHOLE:
        line = first
    remark = _REMARK.search(line)
    before = line[: remark.start()] if remark else ""
    digits = _digits_in(before)
    is_whole = digits >= _SURELY_WHOLE or (
        digits >= _LEAST_WHOLE and _number(before, country) is not None
    )
    return before if is_whole else line


def _digits_in(text: str) -> int:
    return len(ascii_digits(text))


def _number(line: str, country: str | None) -> PhoneNumber | None:
    """The number that is meant; None where it is in no country's plan."""
    line = _as_in_mexico_now(line, country)
    # With the country's own sign for abroad, which may begin with 00 and be longer.
    dialled = _possible(line, country) if country else None
    if dialled and dialled.country_code_source == CountryCodeSource.FROM_NUMBER_WITH_IDD:
        return dialled
    abroad = _ABROAD.match(line)
    if abroad is not None:
        rest = line[abroad.end() :]
        return _possible("+" + rest, None) or (_possible(rest, country) if country else None)
    if dialled is not None and phonenumbers.is_valid_number(dialled):
        return _rather_coded(dialled, line)
    return _possible(f"+{line.lstrip('+( ')}", None) or _coded_behind_zero(line, country) or dialled


def _as_in_mexico_now(line: str, country: str | None) -> str:
    digits = ascii_digits(line)
    found = _MEXICAN_MOBILE.fullmatch(digits)
    if found is None and country == "MX":
        found = _MEXICAN_PREFIX.fullmatch(digits)
    return f"+52{found[1]}" if found else line


def _rather_coded(dialled: PhoneNumber, line: str) -> PhoneNumber:
    """A local number, or the mobile whose country's code it begins with.

    ``4915123456789`` is a German mobile, and could be a line of area 4915. Nobody leaves the ``0``
    before an area away, but for spreadsheets.
    """
    is_line = phonenumbers.number_type(dialled) == PhoneNumberType.FIXED_LINE
    if not is_line or line.lstrip("( ").startswith("0"):
        return dialled
    coded = _possible("+" + ascii_digits(line), None)
    is_mobile = coded is not None and phonenumbers.number_type(coded) in _MOBILE
    return coded if coded is not None and is_mobile else dialled


def _coded_behind_zero(line: str, country: str | None) -> PhoneNumber | None:
    """``0`` and the country's own code before a number: ``0919876543211`` in India."""
    digits = ascii_digits(line)
    if not country or not digits.startswith("0"):
        return None
    coded = _possible("+" + digits.lstrip("0"), None)
    own = phonenumbers.country_code_for_region(country)
    return coded if coded is not None and coded.country_code == own else None


def _possible(line: str, country: str | None) -> PhoneNumber | None:
    number = _parsed(line, country)
    return number if number and _length_of(number) == ValidationResult.IS_POSSIBLE else None


def _is_local(line: str, country: str) -> bool:
    """Whether a number is complete within its town alone."""
    number = _parsed(line, country)
    return number is not None and _length_of(number) == ValidationResult.IS_POSSIBLE_LOCAL_ONLY


def _length_of(number: PhoneNumber) -> int:
    return phonenumbers.is_possible_number_with_reason(number)


def _parsed(line: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(line, country, keep_raw_input=True)
    except NumberParseException:
        return None


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
