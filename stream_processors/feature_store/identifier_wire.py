"""How decisions about identifiers, and their sweeps, look between Python and Lua. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import orjson
import ormsgpack

from connectors.events import Authority, IdentifierDecided, Origin
from ml.store import STRONG_LINKS, WINDOW

WORD_FIELDS = tuple(f"{authority}{field}" for authority in Authority for field in "viw")
"""Of a hash ``word:<link>:<hash>``, see identifiers.lua."""

_IDENTIFIES: Mapping[bytes | None, bool | None] = {None: None, b"0": False, b"1": True}


@dataclass(frozen=True, slots=True)
class Sweep:
    """All whom it concerns whether an identifier counts are scored again, page by page.

    Attributes:
        kind, hashed: the identifier.
        decision: the one that changed whether it counts; a later one ends the sweep.
        after: sign-up and id of the last account that was passed on; None at the beginning.
    """

    kind: str
    hashed: str
    decision: str
    after: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The next accounts of a sweep, and the sweep that remains; None where it is over."""

    users: tuple[str, ...]
    rest: Sweep | None


@dataclass(frozen=True, slots=True)
class Words:
    """What stands of an identifier.

    Attributes:
        accounts: how many have it now.
        said: each authority's newest word, the analysts' first; a word that was taken back says
            ``identifies`` None.
    """

    accounts: int
    said: tuple[IdentifierDecided, ...]

    @property
    def standing(self) -> IdentifierDecided | None:
        """The word that counts; None where nobody says anything."""
        return next((word for word in self.said if word.identifies is not None), None)

    @property
    def is_counted(self) -> bool:
        """Whether it links accounts."""
        return self.standing is None or self.standing.identifies is not False

    def of(self, authority: Authority) -> IdentifierDecided | None:
        """An authority's newest word, None if it never decided."""
        return next((word for word in self.said if word.authority is authority), None)


def sweep_question(sweeps: Sequence[Sweep], page: int) -> bytes:
    """The argument of ``sweep.lua``: the next ``page`` members of each."""
    asked = [[s.kind, s.hashed, s.decision, list(s.after) if s.after else False] for s in sweeps]
    strong = [link.value for link in STRONG_LINKS]
    return ormsgpack.packb({"sweeps": asked, "page": page, "window": WINDOW, "strong": strong})


def pages(reply: bytes, sweeps: Sequence[Sweep]) -> list[Page]:
    """Read what ``sweep.lua`` returned."""
    found = zip(sweeps, ormsgpack.unpackb(reply), strict=True)
    return [Page(tuple(sorted(users)), _rest(sweep, last)) for sweep, (users, last) in found]


def _rest(sweep: Sweep, last: Sequence[str] | bool) -> Sweep | None:
    """A sweep behind the last account that was passed on; None if there is none behind it."""
    if isinstance(last, bool):
        return None
    signed_up, user_id = last
    return replace(sweep, after=(int(float(signed_up)), user_id))


def words(kind: str, hashed: str, fields: Sequence[bytes | None], accounts: int) -> Words:
    """What stands of an identifier, from the fields :data:`WORD_FIELDS` of its hash."""
    said = []
    for at, authority in enumerate(Authority):
        version, identifies, reason = fields[3 * at : 3 * at + 3]
        if version is not None:
            origin = Origin(int(version), int(version))
            people = orjson.loads(reason or b'["", "", 0]')
            said.append(
                IdentifierDecided(kind, hashed, authority, _IDENTIFIES[identifies], origin, *people)
            )
    return Words(accounts, tuple(sorted(said, key=lambda word: word.authority)))


def packed_reason(decision: IdentifierDecided) -> str:
    """What a decision says to people, as the text that Redis keeps."""
    people = (decision.decided_by, decision.why, decision.shared_by)
    return orjson.dumps(people).decode()
