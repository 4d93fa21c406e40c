"""Somebody attacks: what the fraud analyst is told."""

from grafana.alerts.rule import Missing, Rule, Severity, Shown

RULES = (
    Rule(
        uid="promo-abuse-burst",
        title="A burst of abuse",
        question="alert_abuse_burst",
        above=0,
        wait="0s",
        severity=Severity.PAGE,
        summary='{{ printf "%.0f" .Values.A.Value }} accounts became critical in ten minutes, far'
        " more than usual.",
        first="Open the Abuse desk: which rings and reasons are new, which codes are they after?"
        " Deny what the checkout asks about, or withdraw the code.",
        no_data=Missing.FIRES,
        on_error=Missing.AS_BEFORE,
        shown=Shown("abuse-desk", "Alerts raised over time"),
    ),
)
