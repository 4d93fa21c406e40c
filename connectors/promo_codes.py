"""When two writings are one promo code. Pure.

Text is stored as it came; codes are compared in a canonical form, so that whoever types one in
small letters, pastes it with a blank, or swaps a letter for one that looks the same has the same
code:

- Unicode's compatible forms are one (NFKC: full-width letters, ligatures, composed accents);
- what cannot be seen is dropped: control characters, and Unicode's default ignorable code points
  (DerivedCoreProperties.txt), zero-width spaces and soft hyphens among them;
- blanks at the ends go, and within each run of them is one space: ``BUY 1 GET 11`` and
  ``BUY 11 GET 1`` remain two codes. A blank is white space, or an empty Braille pattern;
- letter case is folded, and shown in capitals, as codes are written; unless case counts;
- a code of Latin letters and others that look like them is read as Latin
  (:mod:`connectors.identifiers.lookalikes`); one with letters that are Cyrillic alone, and Latin
  ones that could be, as Cyrillic. A code wholly in one script stays in it, and so does one that
  means to mix them.
"""

import re
import unicodedata
from functools import lru_cache

from connectors.identifiers.lookalikes import CYRILLIC_OF, LATIN_OF
from connectors.identifiers.written import composed

_UNSEEN_SIGNS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f"
)
_UNSEEN = re.compile(
    f"[{_UNSEEN_SIGNS}\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BLANK_SIGNS = "\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000"
_BLANKS = re.compile(f"[{_BLANK_SIGNS}]+")

SEEN_PATTERN = f"^[^\u0000]*[^{_UNSEEN_SIGNS}{_BLANK_SIGNS}][^\u0000]*$"
"""Which texts are a code, for JSON Schema: something of them can be seen, and none of it is NUL.

The unseen signs beyond Unicode's first plane are not told: an expression of ECMAScript without its
``u`` flag cannot.
"""


@lru_cache(maxsize=16_384)
def canonical_code(text: str, case_counts: bool = False) -> str:
    """What is equal for all writings of one promo code; empty if nothing of it can be seen.

    Idempotent. At most 18 times as long as the text (NFKC's bound).
    """
    while (form := _one_pass(text, case_counts)) != text:
        text = form
    return form


def _one_pass(text: str, case_counts: bool) -> str:
    """Each step may make work for one before it: folding an accent apart, dropping what joins."""
    if not text.isascii():
        text = _in_one_script(composed(text))
    text = _BLANKS.sub(" ", _UNSEEN.sub("", text)).strip(" ")
    return text if case_counts else text.casefold().upper()


def _in_one_script(text: str) -> str:
    letters = set(filter(str.isalpha, text))
    latin = {letter for letter in letters if unicodedata.name(letter, "").startswith("LATIN ")}
    others = letters - latin
    if not (latin and others):
        return text
    if all(ord(letter) in LATIN_OF for letter in others):
        return text.translate(LATIN_OF)
    if all(map(_is_cyrillic, others)) and all(ord(letter) in CYRILLIC_OF for letter in latin):
        return text.translate(CYRILLIC_OF)
    return text


def _is_cyrillic(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CYRILLIC ")
