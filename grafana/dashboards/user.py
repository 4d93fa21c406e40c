"""*User*: all that is known of one account, in the order in which it happened."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.dashboards.frame import Panel, frame
from grafana.panels.links import to_user
from grafana.panels.over_time import lines
from grafana.panels.palette import ACTIONS, GOOD, ILL, LEVELS, LEVELS_BEGIN, PLAIN, STATUSES, steps
from grafana.panels.stat import number
from grafana.panels.table import Column, rows
from grafana.panels.units import Unit
from grafana.panels.variables import typed


def dashboard() -> Dashboard:
    """Build it."""
    about = "One account: registration, redemptions, scores, alerts, links to others."
    board = frame("user", "User", about, "now-30d")
    board.with_variable(typed("user", "User", "The account's id, whole."))
    for panel in (*_figures(), *_story(), *_scores_and_links(), *_scorings()):
        board.with_panel(panel)
    return board


def _figures() -> tuple[Panel, ...]:
    return (
        number(
            "Score",
            "The newest risk score, from 0 to 1.",
            "user_score",
            Unit.SCORE,
            when=steps(GOOD, *LEVELS_BEGIN),
        ),
        number(
            "Level",
            "What the score means under the shop's policy.",
            "user_level",
            Unit.TEXT,
            colours=LEVELS,
        ),
        number(
            "Checkout should",
            "What the checkout is told to do with the account.",
            "user_action",
            Unit.TEXT,
            colours=ACTIONS,
        ),
        number("Alert", "How its alert stands.", "user_alert", Unit.TEXT, colours=STATUSES),
        number(
            "Redemptions",
            "All that the account redeemed; refused attempts do not count.",
            "user_redemptions",
            Unit.COUNT,
        ),
        number(
            "Money given",
            "What these redemptions gave away, at least; none where no code's terms tell.",
            "user_money",
            Unit.MONEY,
            when=steps(PLAIN),
        ),
    )


def _story() -> tuple[Panel, ...]:
    return (
        rows(
            "Timeline",
            "Registration, redemptions, refused attempts, alerts and labels, the newest first."
            " Whole, whatever the period.",
            "user_timeline",
            (
                Column("at", width=160),
                Column("what", width=140),
                Column("detail"),
                Column("score", unit=Unit.SCORE, width=80),
                Column("level", width=90, colours=LEVELS),
            ),
            width=16,
            height=13,
        ),
        rows(
            "Profile",
            "What is known of the account. Device, addresses and network are keyed hashes,"
            " shortened: equal ones are the same.",
            "user_profile",
            (Column("fact", width=190), Column("value")),
            width=8,
            height=13,
        ),
    )


def _scores_and_links() -> tuple[Panel, ...]:
    return (
        rows(
            "Linked accounts",
            "Accounts that share an identifier with this one, those that share most first, and how"
            " they are judged. Whether that is abuse the reasons tell: people share networks.",
            "user_links",
            (
                Column("user_id", "Account", link=to_user()),
                Column("through", "Share", width=190),
                Column("signed_up", width=160),
                Column("level", width=90, colours=LEVELS),
                Column("score", unit=Unit.SCORE, width=80),
            ),
            width=14,
        ),
        lines(
            "Score over time",
            "Every scoring in the chosen period.",
            "user_scores_over_time",
            Unit.SCORE,
            colours={"score": ILL},
            width=10,
            height=10,
        ),
    )


def _scorings() -> tuple[Panel, ...]:
    return (
        rows(
            "Scorings",
            "Every scoring with its revision, the newest first: what led to it, what was found,"
            " by which model. Whole, whatever the period.",
            "user_scorings",
            (
                Column("scored_at", width=160),
                Column("revision", width=160),
                Column("trigger", width=110),
                Column("score", unit=Unit.SCORE, width=80),
                Column("level", width=90, colours=LEVELS),
                Column("action", width=90, colours=ACTIONS),
                Column("because"),
                Column("model_version", "Model", width=200),
            ),
        ),
    )
