"""Which promo codes may be claimed."""

from dataclasses import dataclass

from api.problems import RETRY_AFTER_S, Refused, Trouble
from api.schemas.problem import Kind
from connectors.profile import Conventions
from stream_processors.feature_store.redis_store import RedisStore

_EMPTY = (
    "Nothing of `promo_code` can be seen: send the code that is to be redeemed. An order without a"
    " code needs no claim."
)
_UNKNOWN = (
    "No such promo code is known. If it was just made, try again in a second, with the same"
    " Idempotency-Key. A shop that redeems codes which are not in promo_codes sets"
    " PROMO_CLAIM_UNKNOWN_CODES=true."
)


@dataclass(frozen=True, slots=True)
class ClaimCodes:
    """Knows the codes that may be claimed.

    Attributes:
        store: has the codes that are defined.
        conventions: by which codes are compared.
        admits_unknown: codes that are not defined may be claimed, too.
    """

    store: RedisStore
    conventions: Conventions
    admits_unknown: bool

    async def check(self, promo_code: str) -> None:
        """Raise :class:`Refused` if the code is empty, or unknown and such are not admitted.

        Raises:
            DependencyDown: Redis does not answer.
        """
        canonical = self.conventions.canonical_code(promo_code)
        if not canonical:
            raise Refused(Trouble(Kind.CODE_EMPTY, _EMPTY))
        if self.admits_unknown:
            return
        # A store that an older version filled has a code under its writing, until it is replayed.
        if not await self.store.code_terms({canonical, promo_code}):
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            raise Refused(Trouble(Kind.CODE_UNKNOWN, _UNKNOWN, headers))
