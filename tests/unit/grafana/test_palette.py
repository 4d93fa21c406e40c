"""Colours mean what the policy means."""

from grafana.panels.palette import ACTIONS, LEVELS, LEVELS_BEGIN
from ml.policy import CRITICAL_FROM, HIGH_FROM, MEDIUM_FROM, Action, Level


def test_every_level_and_action_has_a_colour() -> None:
    assert set(LEVELS) == {level.value for level in Level}
    assert set(ACTIONS) == {action.value for action in Action}


def test_a_score_is_coloured_as_its_level() -> None:
    begins = [(MEDIUM_FROM, LEVELS["medium"]), (HIGH_FROM, LEVELS["high"])]

    assert list(LEVELS_BEGIN) == [*begins, (CRITICAL_FROM, LEVELS["critical"])]
