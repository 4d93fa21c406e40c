"""The report's sentences, with their numbers. Pure."""

from collections.abc import Iterator

import numpy as np

from ml.policy import Thresholds
from ml.training.evaluate import Method, Stage
from ml.training.missed import RARE, Missed
from ml.training.study import Study
from ml.training.time_order import SHARE, TimeOrdered

INTRODUCTION = """\
# The model, and how far to trust it

Written by the training itself: the same data give the same page, byte for byte. It names no
account. One thing no figure here can show: **the features and rules were chosen by people who
had looked at the Noaat data.** Where that is the data, cross-validation measures how well a
model of these features generalises from account to account, not how well the features were
guessed beforehand; expect less on traffic that nobody had looked at. The attack packs of the
simulator are there for that."""

LEAKS = """\
A feature may know what was known at the account's own newest event and nothing later, and
nobody's label. The row order of a file, and the calendar, separate the abusers of some data
sets by accident of how these were made; whatever follows either would flag every future
customer."""

METHODS = """\
*Model and rules* is what is published: both joined as `ml/policy.py` does. Rules look for shared
identifiers and for speed; where no two accounts share anything, as in the Noaat data, they
have little to say, and most of their average precision is theirs for speed alone. At a level's
boundaries this is what the same accounts get, none of them seen in training:"""


def cross_validation(study: Study) -> str:
    """How it was measured."""
    found = study.evaluation
    return (
        f"Stratified {found.folds}-fold cross-validation, repeated {found.repeats} times with other"
        " divisions; accounts that share a device, phone or mailbox are never divided; each"
        " account counts once. Everything that is fitted, what is common in the shop and the"
        " calibration included, is fitted without the fold that is tested. Figures are means over"
        f" the repeats, ± the standard deviation over them. Other accounts of the same kind would"
        f" move average precision by {study.sampling_deviation:.3f} (bootstrap, standard"
        " deviation)."
    )


def in_time(found: TimeOrdered, day: str) -> str:
    """How the time-ordered evaluation was made."""
    return (
        f"Taught by the first {SHARE:.0%} of the labelled accounts by sign-up ({found.taught:,}"
        f" accounts, {found.taught_abusers} abusers), tested on those from {day} on"
        f" ({found.tested:,} accounts, {found.tested_abusers} abusers); calibration and thresholds"
        " from the first ones too. What abusers began to do after the cut no model can have"
        " learned; a rule may know it, and rank it first, without having the weight to raise an"
        " alert alone."
    )


def calibration(study: Study) -> str:
    """What calibration does, before and after."""
    found = study.evaluation
    before = found.figures[Method.UNCALIBRATED, Stage.NEWEST]
    after = found.figures[Method.MODEL, Stage.NEWEST]
    fitted = found.calibration
    return (
        "Beta calibration, fitted on out-of-fold probabilities (why this one:"
        " `ml/calibration.py`)."
        f" With redemptions known it moves the Brier score from {before.brier:.5f} to"
        f" {after.brier:.5f} and the log loss from {before.log_loss:.5f} to {after.log_loss:.5f},"
        " measured on folds that did not take part in fitting it. It is strictly increasing, so"
        " it changes no ranking of one model; folds that are calibrated apart are not one model,"
        " which is why its average precision differs in the third digit."
        f" Fitted on all: a = {fitted.a:.3f}, b = {fitted.b:.3f}, c = {fitted.c:.3f}."
    )


def thresholds(study: Study) -> str:
    """What the thresholds follow from."""
    costs = study.costs
    return (
        f"An abusive account takes {costs.value:g}; challenging a good customer costs"
        f" {costs.challenge:g}, denying one {costs.deny:g}; a challenge stops {costs.stops:.0%} of"
        " the abusers (settings PROMO_ABUSE_VALUE, PROMO_CHALLENGE_COST, PROMO_DENY_COST,"
        " PROMO_CHALLENGE_STOPS: say your own). To challenge is cheaper than to look on from the"
        f" probability {costs.challenge_from:.3f}, to deny cheaper than to challenge from"
        f" {costs.deny_from:.3f} (`ml/training/money.py` derives both). A level begins higher than"
        " that only where the accounts above it held fewer abusers than promised."
    )


def costs_of_doing(study: Study) -> Iterator[tuple[str, float]]:
    """What 1,000 accounts would have cost, by what is done."""
    found, costs = study.evaluation, study.costs
    believed = found.out_of_fold[Method.MODEL]
    for what, chosen in (
        ("nothing", Thresholds(0.0, 2.0, 3.0)),
        ("everybody is challenged", Thresholds(0.0, 0.0, 2.0)),
        ("challenged and denied from one half on", Thresholds(0.0, 0.5, 0.5)),
        ("as chosen", found.thresholds),
    ):
        yield what, costs.expected(found.labels, believed, chosen)
    yield (
        "as if everybody were known",
        costs.expected(
            found.labels, np.where(found.labels == 1.0, 1.0, 0.0), Thresholds(0.0, 0.5, 0.5)
        ),
    )


def missed(found: Missed) -> str:
    """How many are found, and what the table shows."""
    return (
        f"{found.found} of {found.abusers} abusers are alerted out of fold. A value is called"
        f" unusual if at most {RARE:.1%} of the honest accounts has one as high, or as low;"
        f" {found.honest_unusual:.2%} of the honest accounts have one by chance. An abuser may"
        " have several."
    )


def plain(found: Missed) -> str:
    """What is left, and why."""
    told = (
        ""
        if found.missed_auc is None
        else " Those missed are ranked before honest accounts with a ROC AUC of"
        f" {found.missed_auc:.2f} (0.5 is by lot): what is left is a leaning of common facts,"
        " such as unverified contacts, that honest accounts share."
    )
    return (
        f"**{found.plain} abusers have no unusual value at all, and {found.plain_found} of them are"
        " found.** No feature here tells them from honest accounts: to flag them is to flag as"
        f" many others who look the same.{told} A better average precision on this data would"
        " not be a better model but a leak; what could find them is evidence that is not in it,"
        " such as accounts that share a device."
    )
