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
    placeholder_word,
)
from connectors.identifiers.reading import BLANK, Reading
from connectors.identifiers.written import visible

_UUID = re.compile(
    r"(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?",
    re.IGNORECASE,
)
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_VERSION, _VARIANT = 12, 16


def read_device(text: str) -> Reading:
    """The device of an identifier.

    A UUID has one form, whatever its case, braces and hyphens (iOS writes capitals, Android small
    letters); 32 hexadecimal digits are one. Other text is compared as it is seen: what differs in
    case may be two devices.
    """
    seen = visible(text)
    if not seen:
        return BLANK
    word = placeholder_word(seen, DEVICE_WORDS)
    if word is not None:
        return Reading(None, word)
    uuid = _UUID.fullmatch(seen)
    if uuid is not None:
        return _read_uuid("".join(uuid.groups()).lower(), "-".join(uuid.groups()).lower())
    if seen.lower() in KNOWN_DEVICES:
        return Reading(None, seen.lower())
    if _DIGEST.fullmatch(seen) and is_hash_of_nothing(seen.lower()):
        return Reading(None, Form.HASH_OF_NOTHING)
    form = Form.MASKED if is_masked(seen) else empty_form(seen)
    return Reading(None, form) if form else Reading(seen)


def _read_uuid(digits: str, written: str) -> Reading:
    if written in KNOWN_DEVICES:
        return Reading(None, written)
    if is_hash_of_nothing(digits):
        return Reading(None, Form.HASH_OF_NOTHING)
    # A zero UUID may have been given a version and a variant to make it valid.
    free = digits[:_VERSION] + digits[_VERSION + 1 : _VARIANT] + digits[_VARIANT + 1 :]
    form = empty_run(free) or empty_run(digits)
    return Reading(None, form) if form else Reading(digits)
