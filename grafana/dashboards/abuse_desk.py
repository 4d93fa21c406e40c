"""*Abuse desk*: what the fraud analyst asks. Who abuses, why we think so, and how right we are."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.dashboards.frame import Panel, frame
from grafana.panels.links import to_user
from grafana.panels.over_time import bars
from grafana.panels.palette import GOOD, ILL, LEVELS, ODD, OTHER, PLAIN, STATUSES, WORST, steps
from grafana.panels.ranking import ranking
from grafana.panels.stat import number
from grafana.panels.table import Column, rows
from grafana.panels.units import Unit

_PERIOD = " In the chosen period, by the time of the judgement."


def dashboard() -> Dashboard:
    """Build it."""
    about = "Alerts with their reasons, rings, rules and the model: the fraud analyst's view."
    board = frame("abuse-desk", "Abuse desk", about, "now-7d")
    for panel in (*_figures(), *_judgements(), *_alerts(), *_rings_and_rules(), *_model()):
        board.with_panel(panel)
    return board


def _figures() -> tuple[Panel, ...]:
    return (
        number(
            "Alerts standing",
            "Accounts whose alert is open or escalated now, whenever it was raised.",
            "abuse_alerts_standing",
            Unit.COUNT,
        ),
        number(
            "Critical",
            "Standing alerts at the level critical: deny these accounts.",
            "abuse_critical_standing",
            Unit.COUNT,
            when=steps(GOOD, (1, WORST)),
        ),
        number(
            "At risk",
            "What the codes that flagged accounts redeemed give away, at least.",
            "abuse_value_at_risk",
            Unit.MONEY,
            when=steps(PLAIN),
        ),
        number(
            "Saved",
            "What attempts would have given away that were refused to flagged accounts after their"
            " alert. By the time of the attempt's commit, in the chosen period.",
            "abuse_value_saved",
            Unit.MONEY,
            when=steps(GOOD),
        ),
        number(
            "Given after the alert",
            "What flagged accounts could redeem after their alert had been raised: a checkout that"
            " asks the API first saves this. By the time of the commit, in the chosen period.",
            "abuse_value_given_after",
            Unit.MONEY,
            when=steps(GOOD, (0.01, ILL)),
        ),
        number(
            "Alert rate",
            "Share of the accounts judged in the period whose alert stands. If it jumps, look at"
            " the rules and at drift below." + _PERIOD,
            "abuse_alert_rate",
            Unit.SHARE,
            when=steps(GOOD, (0.1, ODD), (0.3, ILL)),
        ),
    )


def _judgements() -> tuple[Panel, ...]:
    return (
        bars(
            "Alerts raised over time",
            "Accounts by the moment of their first alert, coloured by what is believed of them now."
            " A burst of critical ones is an attack.",
            "abuse_alerts_over_time",
            colours={"cleared": GOOD, "high": ILL, "critical": WORST},
        ),
        ranking(
            "Scores",
            "How many accounts have which risk score, each by its newest, in steps of 0.05; the"
            " axis is logarithmic. Little in the middle is good: the judgement is clear." + _PERIOD,
            "abuse_score_distribution",
            Unit.COUNT,
            of="score_from",
            colours={"accounts": PLAIN},
            upright=True,
            logarithmic=True,
            height=9,
        ),
    )


def _alerts() -> tuple[Panel, ...]:
    return (
        rows(
            "Newest alerts",
            "The 50 alerts that were raised or revised last, with their reasons; a click on the"
            " account shows all that is known of it." + _PERIOD,
            "abuse_newest_alerts",
            (
                Column("scored_at", "Judged at", width=160),
                Column("user_id", "Account", width=310, link=to_user()),
                Column("level", width=90, colours=LEVELS),
                Column("status", width=100, colours=STATUSES),
                Column("score", unit=Unit.SCORE, width=80),
                Column("because"),
                Column("linked", unit=Unit.COUNT, width=80),
                Column("value_at_risk", "At risk", unit=Unit.MONEY, width=100),
            ),
            height=12,
        ),
    )


def _rings_and_rules() -> tuple[Panel, ...]:
    return (
        rows(
            "Rings",
            "Flagged accounts that share an identifier; accounts that share several are one ring."
            " Its value is what its codes gave away, at least. Of alerts that stand now.",
            "abuse_rings",
            (
                Column("accounts", unit=Unit.COUNT, width=90),
                Column("through", "Share", width=150),
                Column("since", width=160),
                Column("newest", "Newest account", width=160),
                Column("value", unit=Unit.MONEY, width=90),
                Column("first_account", link=to_user()),
            ),
            width=16,
            height=12,
        ),
        ranking(
            "Rule hits",
            "Accounts that each rule found; in reasons its name begins with `rule.`. Acting rules"
            " raise scores; shadow rules are only watched." + _PERIOD,
            "abuse_rule_hits",
            Unit.COUNT,
            of="rule",
            colours={"acting": PLAIN, "shadow": OTHER},
            width=8,
            height=12,
        ),
    )


def _model() -> tuple[Panel, ...]:
    return (
        rows(
            "Right so far",
            "Of the accounts whose truth is known from labels: how many alerts stand, how many of"
            " them are abusers (precision), how many of the abusers have an alert (recall). Labels"
            " that came after the alert say most: the model cannot have learned from them.",
            "abuse_model_on_labels",
            (
                Column("basis", "By"),
                Column("alerts", unit=Unit.COUNT, width=75),
                Column("right", "Abusers", unit=Unit.COUNT, width=80),
                Column("precision", unit=Unit.SHARE, width=85),
                Column("known_abusers", "All abusers", unit=Unit.COUNT, width=100),
                Column("recall", unit=Unit.SHARE, width=75),
            ),
            height=9,
            width=12,
        ),
        ranking(
            "Drift",
            "How far the accounts that were scored last differ from those that the model learned"
            " from: the population stability index of each feature. From 0.25 on, train again.",
            "abuse_drift",
            Unit.SCORE,
            of="feature",
            colours={},
            when=steps(GOOD, (0.1, ODD), (0.25, WORST)),
            height=9,
        ),
    )
