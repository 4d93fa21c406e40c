"""Values that stand for nobody: what exports, forms and SDKs write where there is nothing. Pure.

The list is closed, and docs/identifiers.md shows it. A value that is on no list links accounts
until it has been measured that far too many people share it.
"""

import hashlib
import re
import string
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from connectors.identifiers.written import visible


class Form(StrEnum):
    """The forms, beside the listed words, of a text that identifies nobody."""

    SIGNS = "signs only"
    REPEATED = "one character repeated"
    COUNTING = "counting characters"
    MASKED = "masked"
    HASH_OF_NOTHING = "hash of a placeholder"
    ROUNDED = "rounded by a spreadsheet"
    UNREADABLE = "unreadable"
    NO_REPLY = "mailbox that nobody reads"
    EXAMPLE = "example"
    NO_HOST = "address of no host"
    TEMPLATE = "template that nobody filled"


NULL_WORDS = frozenset(
    # written for "no value" by databases, languages and spreadsheets
    ("null", "none", "nil", "nul", "nan", "n/a", "n.a.", "n.a", "na", "n\\a", "#n/a", "#na", "\\n")
    + ("#null!", "#value!", "#ref!", "#name?", "#num!", "#div/0!", "#error!", "undefined", "void")
    + ("#nv", "#wert!", "#bezug!", "#zahl!", "#valeur!", "#nom?", "#\u00a1valor!", "#\u043d/\u0434")
    + ("unset", "empty", "blank", "missing", "false", "[object object]", "object object", "nat")
    # and by people and their programs
    + ("unknown", "unavailable", "unspecified", "undetermined", "unidentified", "unassigned")
    + ("undisclosed", "invalid", "default", "anonymous", "anon", "nobody", "nothing", "noone")
    + ("no-one", "placeholder", "dummy", "fake", "tbd", "tba", "todo", "removed", "deleted")
    + ("redacted", "hidden", "masked", "withheld", "anonymized", "anonymised", "private", "no")
    + ("not set", "not available", "not applicable", "not provided", "not specified", "not given")
    + ("k.a.", "keine angabe", "non renseign\u00e9", "no informado", "n\u00e3o informado")
    + ("niet opgegeven", "brak danych", "\u043d\u0435 \u0443\u043a\u0430\u0437\u0430\u043d\u043e")
    + ("\u043d\u0435\u0442 \u0434\u0430\u043d\u043d\u044b\u0445", "\u672a\u8a2d\u5b9a", "\u7121")
    + ("not found", "not known", "notset", "notavailable", "not_set", "not_available", "no value")
    + ("no data", "test", "example", "sample", "string", "text", "value")
    # "unknown" and "none" in the languages of large markets
    + ("unbekannt", "keine", "keiner", "inconnu", "inconnue", "aucun", "aucune", "desconocido")
    + ("ninguno", "ninguna", "sconosciuto", "nessuno", "nessuna", "onbekend", "geen", "ok\u00e4nd")
    + ("ukendt", "ukjent", "tuntematon", "brak", "nieznany", "nezn\u00e1m\u00fd", "ismeretlen")
    + ("necunoscut", "bilinmiyor", "desconhecido", "nenhum", "nenhuma")
    + ("\u043d\u0435\u0442", "\u043d\u0435\u0438\u0437\u0432\u0435\u0441\u0442\u043d\u043e")
    + ("\u65e0", "\u672a\u77e5", "\u4e0d\u660e", "\u306a\u3057", "\uc5c6\uc74c")
)
"""Words for "nothing", case folded; brackets and quotes around them do not matter."""

DEVICE_WORDS = frozenset(
    ("device", "deviceid", "device_id", "device-id", "id", "uuid", "guid", "idfa", "idfv", "gaid")
    + ("web", "browser", "desktop", "mobile", "tablet", "phone", "pc", "app", "android", "ios")
    + ("iphone", "ipad", "windows", "macos", "linux", "chrome", "safari", "firefox", "edge")
    + ("emulator", "simulator", "generic", "fingerprint", "localhost", "true", "error", "guest")
)
"""What an SDK writes that sends a platform's name, or its own field's, for an identifier."""

KNOWN_DEVICES = frozenset(
    # the ANDROID_ID that a fault of Android 2.2 gave to many devices (issue 10603 of Android)
    ("9774d56d682e549c",)
    # IMEIs of Android's emulators
    + ("004999010640000", "358240051111110", "012345678912345")
    # the address that Android and iOS show instead of the network card's (Android 6, iOS 7)
    + ("02:00:00:00:00:00", "02-00-00-00-00-00", "020000000000")
    # what examples of code and of documentation show
    + ("12345678-1234-1234-1234-123456789012", "12345678-1234-1234-1234-123456789abc")
    + ("3fa85f64-5717-4562-b3fc-2c963f66afa6", "123e4567-e89b-12d3-a456-426614174000")
    + ("550e8400-e29b-41d4-a716-446655440000", "00000000-0000-0000-0000-000000000001")
    + ("1234567890abcdef", "emulator-5554")
    # the base of Bluetooth's UUIDs, which identifies a protocol
    + ("00000000-0000-1000-8000-00805f9b34fb",)
)
"""Identifiers that devices of many people have in common, by a known fault or by design."""

_AROUND = (
    string.whitespace
    + "\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029()<>[]{}\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb"
)
_MASKS = "*\u2022\u25cf\u2026"
_LEAST_REPEATED, _LEAST_COUNTING = 3, 5
_SEPARATED = re.compile(r"[-_.:,/\s]+")
_TEMPLATE = re.compile(
    r"(\$?\{{1,2}|%{1,2}|__|<{1,2}|\[)\s*[a-z][a-z_ .-]*\s*(\}{1,2}|%{1,2}|__|>{1,2}|\])",
    re.IGNORECASE,
)
_LONGEST_WORD, _LONGEST_COUNT = 40, 64
_VERSION_AT, _VARIANT_AT = 12, 16
_COUNTS = ("1234567890" * 8, "0123456789abcdef" * 5, "abcdefghijklmnopqrstuvwxyz")
_SEQUENCES = " ".join((*_COUNTS, *(count[::-1] for count in _COUNTS)))


def placeholder_word(text: str, words: frozenset[str] = frozenset()) -> str | None:
    """The listed word that a visible text is, whatever its case and what is put around it.

    Args:
        text: as :func:`connectors.identifiers.written.visible` leaves it.
        words: a kind's own, beside :data:`NULL_WORDS`.
    """
    if len(text) > _LONGEST_WORD:
        return None
    word = text.casefold()
    if word in NULL_WORDS or word in words:
        return word
    bare = word.strip(_AROUND)
    if bare.isalpha():  # nearly all that is left of names
        return bare if bare in NULL_WORDS or bare in words else None
    spaced = _SEPARATED.sub(" ", bare)
    return next((one for one in (bare, spaced) if one in NULL_WORDS or one in words), None)


def listed_parts(text: str, words: frozenset[str]) -> str | None:
    """The first listed word of a visible text that is made of such words alone.

    ``undefined-undefined``, ``android_null``, ``unknown device``.
    """
    if len(text) > _LONGEST_WORD:
        return None
    parts = _SEPARATED.split(text.casefold().strip(_AROUND))
    listed = all(part in NULL_WORDS or part in words for part in parts)
    return parts[0] if listed else None


def is_template(text: str) -> bool:
    """Whether a name in a template's marks stands where its value should."""
    return len(text) <= _LONGEST_WORD and _TEMPLATE.fullmatch(text) is not None


def stands_for_nothing(text: str) -> bool:
    """Whether a text of any column, as it came, is one of :data:`NULL_WORDS`."""
    return placeholder_word(visible(text)) is not None


def empty_form(text: str) -> Form | None:
    """The form of a visible text that is made of nothing: signs, one character, a count.

    A single 0 or x is a repeated one; others need three.
    """
    letters = text if text.isalnum() else "".join(filter(str.isalnum, text))
    if not letters:
        return Form.SIGNS
    return empty_run(letters)


def empty_run(letters: str) -> Form | None:
    """As :func:`empty_form`, of letters and digits alone."""
    if letters.count(letters[0]) == len(letters):
        is_enough = len(letters) >= _LEAST_REPEATED or letters in ("0", "00", "x", "X")
        return Form.REPEATED if is_enough else None
    is_short = _LEAST_COUNTING <= len(letters) <= _LONGEST_COUNT
    return Form.COUNTING if is_short and letters.lower() in _SEQUENCES else None


def is_masked(text: str) -> bool:
    """Whether part of a text was covered before it was stored."""
    return any(sign in text for sign in _MASKS)


def is_hash_of_nothing(digest: str) -> bool:
    """Whether 32, 40 or 64 hexadecimal digits are the MD5, SHA-1 or SHA-256 of a placeholder.

    An SDK that hashes a device's traits hashes nothing where it may read none.
    """
    return digest in _hashes_of_nothing()


def is_uuid_of_nothing(digits: str) -> bool:
    """Whether 32 digits are a UUID (version 3 or 5) that is made of a placeholder's hash alone.

    Java's ``nameUUIDFromBytes`` makes such of an empty text.
    """
    return digits[_VERSION_AT] in "35" and without_version(digits) in _uuids_of_nothing()


def without_version(digits: str) -> str:
    """The digits of a UUID that neither its version nor its variant has changed."""
    return digits[:_VERSION_AT] + digits[_VERSION_AT + 1 : _VARIANT_AT] + digits[_VARIANT_AT + 1 :]


@lru_cache(maxsize=1)
def _uuids_of_nothing() -> frozenset[str]:
    return frozenset(without_version(digest[:32]) for digest in _hashes_of_nothing())


@lru_cache(maxsize=1)
def _hashes_of_nothing() -> frozenset[str]:
    zeros = {"0" * count for count in (1, 12, 15, 16, 32)} | {str(UUID(int=0))}
    words = {"", " ", "-", "{}", "[]"} | zeros | NULL_WORDS | DEVICE_WORDS | KNOWN_DEVICES
    written = {form for word in words for form in (word, word.upper(), word.capitalize())}
    return frozenset(
        hashlib.new(name, word.encode(), usedforsecurity=False).hexdigest()
        for word in written
        for name in ("md5", "sha1", "sha256")
    )
