"""What an account says of itself, and how common that is in this shop."""

from connectors.traits import is_timezone
from ml.features.feature import NAN, AsOf, Available, Fact, Feature, Leaning, Unit

_YEAR_US = 31_556_952_000_000
_EPOCH_YEAR = 1970


def _age_years(view: AsOf) -> float:
    born = view.profile.birth_year
    if born is None:
        return NAN
    return float(_EPOCH_YEAR + view.profile.created_at_us // _YEAR_US - born)


def _hour(view: AsOf) -> float:
    # Without a known time zone the profile's hour is that of UTC, which says nothing of the user.
    return float(view.profile.hour) if is_timezone(view.profile.timezone) else NAN


def _flag(value: bool | None) -> float:
    return NAN if value is None else float(value)


def _share(fact: Fact, meaning: str) -> Feature:
    return Feature(
        f"{fact}_share",
        meaning,
        Unit.SHARE,
        Available.REGISTRATION,
        lambda view: view.common.share(fact, getattr(view.profile, fact)),
        Leaning.EXONERATES,
    )


COMMONNESS = {
    fact: _share(fact, f"accounts of this shop {words}")
    for fact, words in (
        (Fact.PHONE_SHAPE, "whose phone number is written like this one"),
        (Fact.EMAIL_DOMAIN, "with this e-mail domain"),
        (Fact.FIRST_NAME_CASE, "whose first name is cased like this one"),
        (Fact.LAST_NAME_CASE, "whose last name is cased like this one"),
        (Fact.USER_AGENT_FAMILY, "with this browser family"),
    )
}
"""The features that depend on what is common in the shop; all others do not."""

FEATURES = (
    *COMMONNESS.values(),
    Feature("age_years", "age at sign-up", Unit.YEARS, Available.REGISTRATION, _age_years),
    Feature(
        "signup_hour",
        "hour of the sign-up on the user's own clock",
        Unit.HOUR,
        Available.REGISTRATION,
        _hour,
    ),
    Feature(
        "email_is_alias",
        "the e-mail address is an alias of another one",
        Unit.FLAG,
        Available.REGISTRATION,
        lambda view: _flag(view.profile.email_is_alias),
        Leaning.INCRIMINATES,
    ),
    Feature(
        "ip_is_private",
        "the IP address is not from the public internet",
        Unit.FLAG,
        Available.REGISTRATION,
        lambda view: _flag(view.profile.ip_is_private),
    ),
)
