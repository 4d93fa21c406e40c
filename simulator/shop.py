"""The simulated shop: its promo codes, and the shared addresses that its customers come from."""

from decimal import Decimal
from random import Random
from typing import NamedTuple

from simulator.addresses import Nat


class PromoCode(NamedTuple):
    """A row of ``promo_codes``."""

    promo_code: str
    discount_type: str
    discount_value: Decimal
    min_purchase_amount: Decimal


def _code(name: str, kind: str, value: int, least: int) -> PromoCode:
    return PromoCode(name, kind, Decimal(value), Decimal(least))


PROMO_CODES = (
    _code("WELCOME10", "percentage", 10, 30), _code("WELCOME20", "fixed_amount", 20, 60),
    _code("FIRST15", "fixed_amount", 15, 50), _code("HELLO5", "fixed_amount", 5, 20),
    _code("SPRING25", "percentage", 25, 80), _code("SUMMER30", "percentage", 30, 100),
    _code("AUTUMN12", "percentage", 12, 40), _code("WINTER40", "fixed_amount", 40, 150),
    _code("FREESHIP", "fixed_amount", 6, 25), _code("APP10", "fixed_amount", 10, 35),
    _code("STUDENT15", "percentage", 15, 30), _code("FRIENDS25", "fixed_amount", 25, 75),
    _code("BIRTHDAY8", "fixed_amount", 8, 25), _code("NEWS7", "percentage", 7, 20),
    _code("WEEKEND18", "percentage", 18, 60),
)  # fmt: skip
"""What the shop offers, the same for every seed; the best known ones first."""

LEAST_KNOWN = 5
"""So many codes at the end of the list are hardly known to anyone."""


class Shop(NamedTuple):
    """What everybody in a play has in common."""

    nat: Nat

    def codes(self, random: Random, count: int = 1) -> list[str]:
        """Different promo codes that somebody picks: mostly the few that everybody knows.

        The code of rank r is picked with a weight of 1/r (Zipf's law, as popularity on the web
        goes: Adamic and Huberman, Glottometrics 3, 2002), so the first one has 30 % of all single
        picks. Drawn without replacement by the keys of Efraimidis and Spirakis (2006).
        """
        keys = {code: random.random() ** rank for rank, code in enumerate(PROMO_CODES, 1)}
        picked = sorted(PROMO_CODES, key=lambda code: -keys[code])[:count]
        return [code.promo_code for code in picked]

    def rare_code(self, random: Random) -> str:
        """A code that hardly anyone should know."""
        return random.choice(PROMO_CODES[-LEAST_KNOWN:]).promo_code
