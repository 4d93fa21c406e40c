"""*Promo overview*: what the promo team asks. Who and what is redeemed most, and what it costs."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

from grafana.dashboards.frame import Panel, Variable, frame
from grafana.panels import variables
from grafana.panels.links import to_code, to_user
from grafana.panels.over_time import bars
from grafana.panels.palette import FLAGGED, GOOD, ILL, ODD, PLAIN, WORST, steps
from grafana.panels.ranking import ranking
from grafana.panels.stat import number
from grafana.panels.table import Column, rows
from grafana.panels.units import Unit

_CHOSEN = " Follows the filters above."
_FLAGGED = " Flagged: by accounts whose alert stands now."


def dashboard() -> Dashboard:
    """Build it."""
    about = "Redemptions, registrations and money: the promo team's view."
    board = frame("promo-overview", "Promo overview", about, "now-90d")
    for variable in _variables():
        board.with_variable(variable)
    board.link(_whole_history())
    for panel in (*_figures(), *_over_time(), *_rankings(), *_kinds()):
        board.with_panel(panel)
    return board


def _whole_history() -> DashboardLink:
    return (
        DashboardLink("Whole history")
        .type(DashboardLinkType.LINK)
        .url("/d/promo-overview?from=${first_event}&to=${last_event}")
        .tooltip("From the shop's first event until now, or until the last one that is dated later")
        .icon("external link")
    )


def _variables() -> tuple[Variable, ...]:
    periods = ("auto", "minute", "hour", "day", "week", "month", "year")
    return (
        variables.any_of("code", "Code", "Redemptions of these codes.", "promo_codes_redeemed"),
        variables.any_of(
            "discount", "Discount", "Redemptions of these discounts.", "promo_discount_types"
        ),
        variables.any_of("timezone", "Time zone", "Users who live there.", "promo_timezones"),
        variables.one_of("per", "Per", "How long a bar is, in UTC.", periods),
        variables.found("first_event", "promo_first_event"),
        variables.found("last_event", "promo_last_event"),
    )


def _figures() -> tuple[Panel, ...]:
    return (
        number(
            "Redemptions",
            "Promo codes redeemed in the period; refused attempts do not count." + _CHOSEN,
            "promo_redemptions",
            Unit.COUNT,
            width=3,
        ),
        number(
            "Registrations",
            "Accounts that signed up in the period. Follows the time zone, not code or discount.",
            "promo_registrations",
            Unit.COUNT,
            width=3,
        ),
        number(
            "Money given",
            "What the redemptions gave away, at least: a fixed discount's value, a percentage of"
            " the minimum purchase." + _CHOSEN,
            "promo_money_given",
            Unit.MONEY,
            width=3,
        ),
        number(
            "By flagged accounts",
            "Share of the redemptions by accounts whose alert stands now. Above 5 %: see the"
            " Abuse desk." + _CHOSEN,
            "promo_flagged_share",
            Unit.SHARE,
            width=3,
            when=steps(GOOD, (0.02, ODD), (0.05, ILL), (0.2, WORST)),
        ),
        number(
            "Without an account",
            "Redemptions by somebody who is not among the registered accounts: erased since, or"
            " missing in what was loaded. They are stored, not scored." + _CHOSEN,
            "promo_without_account",
            Unit.COUNT,
            width=3,
            when=steps(GOOD, (1, ODD)),
        ),
        number(
            "Codes in conflict",
            "Promo codes that loaded files define in more than one way. The first definition"
            " holds; the table below tells which files.",
            "promo_codes_in_conflict",
            Unit.COUNT,
            width=3,
            when=steps(GOOD, (1, ODD)),
        ),
        number(
            "Amounts not held",
            "Promo codes with an amount that no store can hold: infinite, NaN, or of 10^32 and"
            " more."
            " It counts as unknown. Of all codes.",
            "promo_amounts_not_held",
            Unit.COUNT,
            width=3,
            when=steps(GOOD, (1, ODD)),
        ),
        number(
            "Unlikely dates",
            "Registrations and redemptions dated before 1990 or later than tomorrow, of all time:"
            " dates that stand for none, or a clock that is wrong.",
            "promo_unlikely_dates",
            Unit.COUNT,
            width=3,
            when=steps(GOOD, (1, ODD)),
        ),
    )


def _over_time() -> tuple[Panel, ...]:
    return (
        bars(
            "Redemptions over time",
            "Redemptions in each stretch of time, UTC." + _FLAGGED + _CHOSEN,
            "promo_redemptions_over_time",
            colours=FLAGGED,
        ),
        bars(
            "Registrations over time",
            "Accounts that signed up in each stretch of time, UTC."
            + _FLAGGED
            + " Follows the time zone, not code or discount.",
            "promo_registrations_over_time",
            colours=FLAGGED,
        ),
    )


def _rankings() -> tuple[Panel, ...]:
    return (
        ranking(
            "Top 10 users by redemptions",
            "Who redeemed most in the period; equal ones by id. A click opens the account."
            + _FLAGGED
            + _CHOSEN,
            "promo_top_users",
            Unit.COUNT,
            of="user_id",
            colours=FLAGGED,
            link=to_user("user_id"),
        ),
        ranking(
            "Top 10 codes by redemptions",
            "Which codes were redeemed most in the period; equal ones by name."
            + _FLAGGED
            + _CHOSEN,
            "promo_top_codes",
            Unit.COUNT,
            of="promo_code",
            colours=FLAGGED,
            link=to_code(),
        ),
    )


def _kinds() -> tuple[Panel, ...]:
    return (
        ranking(
            "Share by discount type",
            "Of each kind of discount, its share of the redemptions and of the money given."
            + _CHOSEN,
            "promo_discount_share",
            Unit.SHARE,
            of="discount_type",
            colours={"redemptions": PLAIN, "money": ILL},
            stacked=False,
            height=8,
        ),
        rows(
            "Loaded files",
            "What loads took and refused, the newest first. A conflict contradicts a line before"
            " it or a row that is there: see the file of rejected lines that the load named.",
            "promo_loads",
            (
                Column("loaded_at", width=160),
                Column("file"),
                Column("accepted", unit=Unit.COUNT, width=100),
                Column("duplicates", unit=Unit.COUNT, width=100),
                Column("rejected", unit=Unit.COUNT, width=90),
                Column("because"),
            ),
            width=12,
            height=8,
        ),
    )
