"""How many redemptions of a code one person may have. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from connectors.errors import SettingsError
from connectors.profile import conventions_of
from connectors.settings import Settings

MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class ClaimLimits:
    """The usual limit, and those of the canonical codes that have another."""

    usual: int
    of_codes: Mapping[str, int]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read the settings ``claim_limit`` and ``claim_limits``.

        Raises:
            SettingsError: an entry is malformed, or a code stands there twice, in whatever
                writings.
        """
        canonical = conventions_of(settings).canonical_code
        of_codes: dict[str, int] = {}
        for code, limit in _entries(settings.claim_limits):
            if canonical(code) in of_codes:
                raise SettingsError(f"PROMO_CLAIM_LIMITS: {code} has two limits, leave one")
            of_codes[canonical(code)] = limit
        return cls(settings.claim_limit, MappingProxyType(of_codes))

    def limit(self, canonical_code: str) -> int:
        """How many redemptions of a code one person may have."""
        return self.of_codes.get(canonical_code, self.usual)


def _entries(text: str) -> Iterator[tuple[str, int]]:
    """``CODE=n`` between commas; a code may hold anything but a comma and spaces at its ends."""
    for entry in filter(None, map(str.strip, text.split(","))):
        code, equals, number = (part.strip() for part in entry.rpartition("="))
        limit = int(number) if number.isascii() and number.isdecimal() else 0
        if not (code and equals and 1 <= limit <= MOST):
            raise SettingsError(
                f"PROMO_CLAIM_LIMITS: {entry!r} is not CODE=n with n from 1 to {MOST:,}; entries"
                " stand between commas, as in WELCOME10=1,LOYAL5=3"
            )
        yield code, limit
