"""What is caught, and who is suspected, in the rows of a table. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.quoted import Quote
from connectors.errors import FiguresError

_ATTACK = "`make attack`"
_REPORT = "`make model-report DATA=path/to/csv`"
_DRAINED, _AS_MEASURED = "flagged when drained", "flagged when drained (as measured)"
_GROWN = "flagged when all of it is measured"
_IN_WORDS = {
    "all honest packs": "honest people who resemble attackers",
    "borrowed_contacts: owners": "owners of verified contacts that attackers gave as theirs",
    "new_firms": "a firm's people, all new customers, who were sent one code",
    "device_and_ip_only: honest": "honest people of whom device and address alone are known",
    "placeholders: strangers_on_a_device": "strangers whose SDK sends one value for all devices",
    "placeholders: strangers_on_a_phone": "strangers on the number of a form's example",
    "placeholders: one_code_for_all": "the same where one code is for all",
    "device_and_ip_only: alone": "single abusers of whom device and address alone are known",
}


def detection(attack: Mapping[str, Any], report: Mapping[str, Any]) -> Iterator[Quote]:
    """Rules alone against the simulator's attacks, then a trained model on the Noaat data.

    Args:
        attack: what ``make attack`` wrote.
        report: what the model's report wrote for programs.
    """
    yield from _caught(attack)
    yield from _suspected(attack["floors"])
    yield from _by_the_model(report)


def _caught(attack: Mapping[str, Any]) -> Iterator[Quote]:
    floors = [one for one in attack["floors"] if one["what"] == _DRAINED]
    packs = {one["pack"]: one for one in attack["packs"]}
    at_once = sum(
        packs[one["pack"]]["flagged_at_registration"] * packs[one["pack"]]["accounts"]
        for one in floors
    )
    yield Quote(
        f"{len(floors)} kinds of attack that leave a signal: accounts caught",
        f"{_of(floors)} (floor: {min(one['bound'] for one in floors):.0%} of each kind)",
        _ATTACK,
    )
    yield Quote("of these, as soon as they registered", f"{round(at_once):,}", _ATTACK)
    grown = [one for one in attack["floors"] if one["what"] == _GROWN]
    yield Quote("rings that grow to hundreds on one device: accounts caught", _of(grown), _ATTACK)
    for one in attack["floors"]:
        if one["what"] == _AS_MEASURED:
            pack = _IN_WORDS.get(one["pack"], one["pack"])
            yield Quote(f"{pack}, which hardly leaves one: caught", _of([one]), _ATTACK)


def _suspected(floors: Sequence[Mapping[str, Any]]) -> Iterator[Quote]:
    ceilings = [one for one in floors if one["is_ceiling"] and one["pack"] in _IN_WORDS]
    for pack in dict.fromkeys(one["pack"] for one in ceilings):
        mine = [one for one in ceilings if one["pack"] == pack]
        yield Quote(
            f"{_IN_WORDS[pack]}: {'; '.join(one['what'] for one in mine)}",
            "; ".join(f"{_of([one])} (ceiling: {one['bound']:.1%})" for one in mine),
            _ATTACK,
        )


def _by_the_model(report: Mapping[str, Any]) -> Iterator[Quote]:
    alerted = [one for one in report["levels"] if one["level"] in ("high", "critical")]
    everybody = report["levels"]
    yield Quote(
        "Noaat data, model and rules, cross-validated: abusers found; honest people suspected",
        f"{_sum(alerted, 'abusers')} of {_sum(everybody, 'abusers')};"
        f" {_sum(alerted, 'honest')} of {_sum(everybody, 'honest')}",
        _REPORT,
    )
    published = [one for one in report["cross_validation"] if one["method"] == "model and rules"]
    yield Quote(
        f"Noaat data: average precision {'; '.join(one['stage'] for one in published)}",
        "; ".join(f"{one['average_precision']:.2f} ± {one['deviation']:.3f}" for one in published),
        _REPORT,
    )


def _of(shares: Sequence[Mapping[str, Any]]) -> str:
    if not shares:
        raise FiguresError("attack.json does not say what was caught: `make attack` measures it")
    return f"{_sum(shares, 'count')} of {_sum(shares, 'of')}"


def _sum(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    return f"{sum(one[name] for one in rows):,}"
