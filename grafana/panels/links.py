"""Where a click leads. Addresses begin with a slash; Grafana and the page put what they are under
before it, and ``/d/<uid>`` is a dashboard in both."""

from grafana_foundation_sdk.builders.dashboard import DashboardLink


def to_user(field: str = "") -> DashboardLink:
    """The page of the account that a cell, or the row's ``field``, names."""
    value = f'${{__data.fields["{field}"]}}' if field else "${__value.raw}"
    return _link("Open this account", f"/d/user?var-user={value}")


def to_code() -> DashboardLink:
    """The overview of the one code that a cell names, in the period that is looked at."""
    url = "/d/promo-overview?var-code=${__value.raw}&${__url_time_range}"
    return _link("Look at this code alone", url)


def _link(title: str, url: str) -> DashboardLink:
    return DashboardLink(title).url(url)
