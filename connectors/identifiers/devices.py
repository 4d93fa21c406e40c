"""Which device an identifier names. Pure."""

import re

from connectors.identifiers.placeholders import (
    DEVICE_WORDS,
    KNOWN_DEVICES,
    Form,
    empty_form,
    empty_run,
    is_hash_of_nothing,
    is_masked,
    is_template,
    is_uuid_of_nothing,
    listed_parts,
    placeholder_word,
    without_version,
)
from connectors.identifiers.reading import BLANK, Reading
from connectors.identifiers.written import from_spreadsheet, visible

_UUID = re.compile(
    r"(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?",
    re.IGNORECASE,
)
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_OPTIONAL = re.compile(r"(?:optional\(\"?)+(.*?)(?:\"?\))+", re.IGNORECASE)
_LONGEST_OPTIONAL = 100
_OBJECT = re.compile(r"\[object \w+\]", re.IGNORECASE)
_SMALL = re.compile(r"-\d{1,2}|\d")
"""A number that stands for no device, as -1 and 0 do."""


def read_device(text: str) -> Reading:
    """The device of an identifier.

    A UUID has one form, whatever its case, braces and hyphens (iOS writes capitals, Android small
    letters); 32 hexadecimal digits are one. What a language puts around a value goes
    (``Optional("…")``), and so do a spreadsheet's decimals. Other text is compared as it is seen:
    what differs in case may be two devices.
    """
    seen = _opened(visible(text))
    if not seen:
        return BLANK
    word = _word(seen)
    if word is not None:
        return Reading(None, word)
    number = from_spreadsheet(seen)
    if number is None:
        return Reading(None, Form.ROUNDED)
    uuid = _UUID.fullmatch(number)
    if uuid is not None:
        return _read_uuid("".join(uuid.groups()).lower(), "-".join(uuid.groups()).lower())
    form = _form(number)
    return Reading(None, form) if form else Reading(number)


def _opened(seen: str) -> str:
    """Out of what Swift writes around a value that may be missing."""
    optional = _OPTIONAL.fullmatch(seen) if len(seen) <= _LONGEST_OPTIONAL else None
    return optional[1].strip() if optional else seen


def _word(seen: str) -> str | None:
    if _OBJECT.fullmatch(seen):
        return "[object object]"
    if seen.lower() in KNOWN_DEVICES:
        return seen.lower()
    return placeholder_word(seen, DEVICE_WORDS) or listed_parts(seen, DEVICE_WORDS)


def _form(seen: str) -> Form | None:
    if is_masked(seen):
        return Form.MASKED
    if is_template(seen):
        return Form.TEMPLATE
    if _DIGEST.fullmatch(seen) and is_hash_of_nothing(seen.lower()):
        return Form.HASH_OF_NOTHING
    return empty_form(seen) or (Form.UNREADABLE if _SMALL.fullmatch(seen) else None)


def _read_uuid(digits: str, written: str) -> Reading:
    if written in KNOWN_DEVICES:
        return Reading(None, written)
    if is_hash_of_nothing(digits) or is_uuid_of_nothing(digits):
        return Reading(None, Form.HASH_OF_NOTHING)
    # A zero UUID may have been given a version and a variant to make it valid.
    form = empty_run(without_version(digits)) or empty_run(digits)
    return Reading(None, form) if form else Reading(digits)
