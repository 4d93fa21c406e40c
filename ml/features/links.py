"""How many other accounts share an identifier with this one."""

from collections.abc import Callable

from ml.features.feature import NAN, AsOf, Available, Feature, Leaning, Unit
from ml.store import DAY_US, HOUR_US, Link

_NAMES = {
    Link.DEVICE: "device",
    Link.IP: "IP address",
    Link.NETWORK: "network",
    Link.PHONE: "phone number",
    Link.EMAIL: "mailbox",
}


def _ever(link: Link) -> Callable[[AsOf], float]:
    def count(view: AsOf) -> float:
        accounts = view.linked.get(link)
        return NAN if accounts is None else float(len(accounts))

    return count


def _within(link: Link, span_us: int) -> Callable[[AsOf], float]:
    def count(view: AsOf) -> float:
        accounts = view.linked.get(link)
        if not accounts:
            return NAN if accounts is None else 0.0
        own = view.profile.created_at_us
        return float(sum(abs(account.created_at_us - own) <= span_us for account in accounts))

    return count


def _features(link: Link) -> tuple[Feature, ...]:
    what = _NAMES[link]
    spans = (("1h", "an hour", HOUR_US), ("24h", "a day", DAY_US))
    timed = tuple(
        Feature(
            f"{link}_accounts_{suffix}",
            f"other accounts on the same {what} that signed up within {words} of this one",
            Unit.ACCOUNTS,
            Available.REGISTRATION,
            _within(link, span),
            Leaning.INCRIMINATES,
        )
        for suffix, words, span in spans
    )
    ever = Feature(
        f"{link}_accounts_ever",
        f"other accounts on the same {what}",
        Unit.ACCOUNTS,
        Available.REGISTRATION,
        _ever(link),
        Leaning.INCRIMINATES,
    )
    return (*timed, ever)


FEATURES = tuple(feature for link in Link for feature in _features(link))
