"""Whether the account is verified; asked from the first redemption on.

A fresh sign-up has not had the time to verify anything, so before that it says nothing.
"""

from ml.features.feature import NAN, AsOf, Available, Feature, Leaning, Unit


def _email(view: AsOf) -> float:
    verified = view.profile.is_email_verified
    return NAN if verified is None else float(verified)


def _phone(view: AsOf) -> float:
    verified = view.profile.is_phone_verified
    return NAN if verified is None else float(verified)


FEATURES = (
    Feature(
        "email_verified",
        "the e-mail is verified",
        Unit.FLAG,
        Available.REDEMPTION,
        _email,
        Leaning.EXONERATES,
    ),
    Feature(
        "phone_verified",
        "the phone is verified",
        Unit.FLAG,
        Available.REDEMPTION,
        _phone,
        Leaning.EXONERATES,
    ),
)
