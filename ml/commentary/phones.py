"""What cleaning phone numbers does to a signal. Pure."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from connectors.identifiers.phones import phone_shape
from ml.commentary.habits import Habits
from ml.commentary.shop import Shop
from ml.commentary.signals import Reach, reach_of
from ml.features.feature import COMMON_FROM

Clean = Callable[[str], str]
_EXTENSION = re.compile(r"(?:x|ext\.?|#)\s*\d+\s*$", re.IGNORECASE)
_COUNTRY = re.compile(r"^(?:00)?1(?=\d{10}$)")


@dataclass(frozen=True, slots=True)
class Phones:
    """Whom unusual phones reach: as they came, by their digits, and as one national format.

    Attributes:
        raw, digits, national: the signal after each treatment.
        shared: phones held by several accounts, by the pipeline's own form of a number.
    """

    raw: Reach
    digits: Reach
    national: Reach
    shared: int


def phones(shop: Shop) -> Phones:
    """The signal as it is, and after two ways to clean numbers before looking at them."""
    habits = Habits(shop.accounts)
    raw = {a.profile.user_id for a in shop.accounts if habits.is_unusual("phone_shape", a.profile)}
    return Phones(
        raw=_reach(shop, "as they came", raw),
        digits=_reach(shop, "digits alone", _unusual(shop, digits)),
        national=_reach(shop, "one national format", _unusual(shop, national)),
        shared=habits.shared("phone")[0],
    )


def digits(phone: str) -> str:
    """A phone number's digits, those of an extension too."""
    return re.sub(r"\D", "", phone)


def national(phone: str) -> str:
    """A North American number as ``+1`` and ten digits (E.164): what cleaning gives.

    An extension, signs, and a country code that is there or not leave no trace; what is no such
    number keeps its digits.
    """
    number = _COUNTRY.sub("", digits(_EXTENSION.sub("", phone)))
    return f"+1{number}" if len(number) == 10 else number


def shape_by_account(shop: Shop, clean: Clean) -> dict[str, str | None]:
    """The shape of each account's phone once it is cleaned; None without one."""
    return {
        a.profile.user_id: phone_shape(clean(str(a.row["phone"]))) if a.row["phone"] else None
        for a in shop.accounts
    }


def _unusual(shop: Shop, clean: Clean) -> set[str]:
    shapes = shape_by_account(shop, clean)
    counts = Counter(shapes.values())
    return {u for u, shape in shapes.items() if counts[shape] / len(shapes) < COMMON_FROM}


def _reach(shop: Shop, name: str, holders: set[str]) -> Reach:
    everybody = {a.profile.user_id for a in shop.accounts}
    return reach_of(name, holders, set(shop.abusers), everybody - shop.abusers)
