"""Letters of other alphabets that look like Latin ones. Pure.

The part of Unicode TS 39's confusables that people meet: what a Cyrillic or Greek keyboard writes
instead of a Latin letter. Letter by letter as it looks: a small Greek nu is a ``v``, its capital an
``N``.
"""

from collections.abc import Mapping

_CYRILLIC = (
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u0501\u051b\u051d\u04af\u04bb\u04cf\u0475"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408\u0500\u051a\u051c\u04ae\u04ba\u04c0\u0474",
    "abekmhopctyxsijdqwyhlvABEKMHOPCTYXSIJDQWYHIV",
)
_GREEK = (
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "abeznikuvoptuxABEZHIKMNOPTYX",
)

LATIN_OF: Mapping[int, int] = {**str.maketrans(*_CYRILLIC), **str.maketrans(*_GREEK)}
"""For each look-alike the Latin letter that it looks like, as ``str.translate`` takes it."""

_ON_KEYBOARDS = "abekmhopctyxsij"
CYRILLIC_OF: Mapping[int, int] = {
    latin: other
    for other, latin in reversed(str.maketrans(*_CYRILLIC).items())
    if chr(latin).lower() in _ON_KEYBOARDS
}
"""For each Latin letter whose capital looks like one of a Cyrillic keyboard, that one."""
