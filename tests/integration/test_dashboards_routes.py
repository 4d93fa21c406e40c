"""The dashboards' page as a program sees it: who may look, what may be asked, what comes back."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from api.access.session import COOKIE, LASTS_S
from connectors.columns import microseconds
from connectors.settings import Settings
from grafana.viewer.board import Board, VariableKind
from grafana.viewer.choices import LONGEST_VALUE, MOST_VALUES
from grafana.viewer.shelf import every_board
from infra.native.layout import REPOSITORY, layout_of
from tests.integration.api_client import caller, problem
from tests.integration.api_keys import asking, keys_of, new_key, revoke
from tests.reading import eventually
from tests.unit.connectors.envelopes import profiled
from tests.unit.ml.builders import account, code_defined, redeemed, registered
from tests.warehouse_filling import empty, insert
from tests.warehouse_rows import NOW_US, alert_message, risky, score_message
from warehouse.client import writer
from warehouse.rows import Table, alert_row, score_row, source_row

BOARDS = every_board()
PANELS = [
    pytest.param(board, panel.id, id=f"{board.uid}: {panel.title}")
    for board in BOARDS.values()
    for panel in board.panels
    if panel.target is not None
]
OVERVIEW = BOARDS["promo-overview"]
WHOLE = {"from": "2023-01-01", "to": "2024-01-01"}
NASTY = (
    "') OR 1=1 --",
    "\\') UNION ALL SELECT password FROM system.users --",
    "'; INSERT INTO promo_codes (promo_code) VALUES ('made')",
    "{any_code:Array(String)}",
    "${code:sqlstring}",
    "'__all'",
    "tab\tline\nnul\x00 ☃ \\N",
    "%' OR '%'='",
)
CODE = 'it\'s "10" \\ % off; --'
TABLES = (
    Table.USERS,
    Table.PROMO_CODES,
    Table.PROMO_USAGES,
    Table.RISK_SCORES,
    Table.ABUSE_ALERTS,
)


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Iterator[Settings]:
    """The API over a small shop: nobody scores."""
    settings = partial_stack("api")
    empty(settings, *TABLES)
    flagged = risky(profiled())
    insert(
        settings,
        [
            source_row(code_defined("SPRING", "fixed_amount", "10")),
            source_row(code_defined(CODE, "percentage", "15", "80")),
            *(source_row(registered(account(user))) for user in ("anna", "ben", "o'hara")),
            source_row(redeemed("anna", "SPRING", 1, usage_id=1)),
            source_row(redeemed("ben", "SPRING", 2, usage_id=2)),
            source_row(redeemed("o'hara", CODE, 3, usage_id=3)),
            score_row(score_message(flagged, NOW_US)),
            alert_row({**alert_message(flagged, NOW_US), "status": "open"}),
        ],
    )
    yield settings
    empty(settings, *TABLES)


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[httpx.Client]:
    """A program with the key."""
    with caller(settings) as client:
        yield client


@pytest.fixture
def browser(settings: Settings) -> Iterator[httpx.Client]:
    """A browser that is not logged in."""
    with httpx.Client(base_url=settings.api_url, trust_env=False, timeout=10) as client:
        yield client


def panel_of(board: Board, title: str) -> int:
    return next(panel.id for panel in board.panels if panel.title == title)


def ask(
    api: httpx.Client, board: Board, panel: int, choices: dict[str, list[str]] | None = None
) -> httpx.Response:
    chosen = {f"var-{name}": values for name, values in (choices or {}).items()}
    return api.get(f"/dashboards/{board.uid}/panels/{panel}", params={**WHOLE, **chosen})


def the_number(api: httpx.Client, title: str, **choices: list[str]) -> object:
    answer = ask(api, OVERVIEW, panel_of(OVERVIEW, title), choices)
    assert answer.status_code == httpx.codes.OK, answer.text
    ((number,),) = answer.json()["rows"]
    return number


def log_in(browser: httpx.Client, key: str, **more: str) -> httpx.Response:
    return browser.post("/dashboards/login", data={"key": key, **more})


# Who may look


@pytest.mark.parametrize("path", ["board", "panels/1?from=now-1d", "variables/code?from=now-1d"])
def test_data_needs_a_session_or_a_key(browser: httpx.Client, path: str) -> None:
    problem(browser.get(f"/dashboards/promo-overview/{path}"), 401, "unauthorized")
    answer = browser.get(
        f"/dashboards/promo-overview/{path}", headers={"X-API-Key": "ps_none", COOKIE: "x"}
    )
    problem(answer, 401, "unauthorized")


def test_a_page_leads_to_the_form_and_from_there_back(
    settings: Settings, browser: httpx.Client
) -> None:
    path = "/dashboards/user?var-user=a%20b&from=now-1d"
    sent = browser.get(path)
    assert sent.status_code == httpx.codes.SEE_OTHER
    form = browser.get(sent.headers["location"])
    wanted = parse_qs(urlsplit(sent.headers["location"]).query)["next"][0]

    entered = log_in(browser, settings.api_key_file.read_text(), next=wanted)

    assert 'name="next" value="/dashboards/user?var-user=a%20b&amp;from=now-1d"' in form.text
    assert entered.status_code == httpx.codes.SEE_OTHER
    assert entered.headers["location"] == path
    assert browser.get(path).status_code == httpx.codes.OK
    assert browser.get("/dashboards/user/board").is_success


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/dashboards/", "//evil.example/dashboards/", "/\\evil.example",
     "/dashboards/\\..\\evil", "javascript:alert(1)", "/v1/alerts", "/dashboards/\r\nX: y",
     "/dashboards/login?next=x", "http://[/dashboards/", "/dashboards/../../evil",
     "/dashboards/%2e%2e/evil", "/dashboards/.%2E/evil", "/dashboards/%252e%252e/evil",
     "/dashboards/..%2fevil", "/dashboards/%2e%2e%5cevil", "/dashboards/x/../../evil",
     "/dashboards//evil.example/..", "/dashboards/%5c%5cevil", "/dashboards/./../evil",
     "/dashboards/%6cogin", "/%64ashboards/%2e%2e/evil"],
)  # fmt: skip
def test_nobody_is_led_elsewhere(settings: Settings, browser: httpx.Client, elsewhere: str) -> None:
    entered = log_in(browser, settings.api_key_file.read_text(), next=elsewhere)

    assert entered.headers["location"] == "/dashboards"
    assert "evil" not in browser.get("/dashboards/login", params={"next": elsewhere}).text


def test_a_wrong_key_and_one_that_may_not_read_are_told_so_and_get_no_session(
    settings: Settings, browser: httpx.Client
) -> None:
    scoring = new_key(settings, "page-scoring", "score")

    wrong, other = log_in(browser, "ps_wrong"), log_in(browser, scoring)

    assert wrong.status_code == httpx.codes.UNAUTHORIZED
    assert "This key opens nothing" in wrong.text
    assert "ps_wrong" not in wrong.text
    assert other.status_code == httpx.codes.FORBIDDEN
    assert "lacks the scope" in other.text
    assert not browser.cookies
    with asking(settings, scoring) as program:
        problem(program.get("/dashboards/promo-overview/board"), 403, "forbidden")


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_holds_no_key(
    settings: Settings, browser: httpx.Client
) -> None:
    key = settings.api_key_file.read_text().strip()
    (cookie,) = SimpleCookie(log_in(browser, key).headers["set-cookie"]).values()

    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/dashboards")
    assert int(cookie["max-age"]) == LASTS_S
    assert cookie["secure"] == ""  # this stack speaks no TLS
    assert key.removeprefix("ps_")[:6] not in cookie.value


def test_a_forged_cookie_opens_nothing(settings: Settings, browser: httpx.Client) -> None:
    log_in(browser, settings.api_key_file.read_text())
    genuine = browser.cookies[COOKIE]
    key_id, signed_at, signature = genuine.split(".")
    for forged in (key_id, f"{key_id}.{signed_at}.", f"{key_id}x.{signed_at}.{signature}",
                   f"{key_id}.ZZZZZZ.{signature}", genuine[:-1]):  # fmt: skip
        browser.cookies.clear()
        browser.cookies.set(COOKIE, forged)
        problem(browser.get("/dashboards/promo-overview/board"), 401, "unauthorized")


def test_a_revoked_key_is_out_though_its_cookie_lives(
    settings: Settings, browser: httpx.Client
) -> None:
    log_in(browser, new_key(settings, "page-revoked", "read"))
    assert browser.get("/dashboards/promo-overview/board").is_success

    revoke(settings, keys_of(settings, "page-revoked")[0])

    eventually(
        lambda: browser.get("/dashboards/promo-overview/board").status_code == 401, "it is out"
    )
    assert browser.get("/dashboards/promo-overview").status_code == httpx.codes.SEE_OTHER


def test_logging_out_ends_the_session_in_this_browser(
    settings: Settings, browser: httpx.Client
) -> None:
    log_in(browser, settings.api_key_file.read_text())

    assert browser.post("/dashboards/logout").headers["location"] == "/dashboards/login"
    problem(browser.get("/dashboards/promo-overview/board"), 401, "unauthorized")


ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "none"},
    {"Origin": "http://["},
    {"Referer": "https://evil.example/dashboards/login"},
]


@pytest.mark.parametrize("said", ELSEWHERE, ids=str)
def test_a_form_on_another_site_logs_nobody_in_or_out(
    settings: Settings, browser: httpx.Client, said: dict[str, str]
) -> None:
    form = {"key": settings.api_key_file.read_text()}

    refused = browser.post("/dashboards/login", data=form, headers=said)
    assert refused.status_code == httpx.codes.FORBIDDEN
    assert not browser.cookies

    log_in(browser, form["key"])
    refused = browser.post("/dashboards/logout", headers=said)
    assert refused.status_code == httpx.codes.FORBIDDEN
    assert browser.get("/dashboards/promo-overview/board").is_success


@pytest.mark.parametrize("with_site", [True, False])
def test_a_form_of_our_own_page_logs_in_and_out(
    settings: Settings, browser: httpx.Client, with_site: bool
) -> None:
    said = {"Origin": settings.api_url.upper()}
    said |= {"Sec-Fetch-Site": "same-origin"} if with_site else {}
    form = {"key": settings.api_key_file.read_text()}
    page = browser.get("/dashboards/login")
    assert page.headers["referrer-policy"] == "same-origin"  # else a browser says "null"

    assert browser.post("/dashboards/login", data=form, headers=said).has_redirect_location
    assert browser.cookies
    assert browser.post("/dashboards/logout", headers=said).has_redirect_location
    assert not browser.cookies


def test_a_programs_questions_count_against_its_keys_limit_and_a_sessions_do_not(
    settings: Settings, browser: httpx.Client
) -> None:
    key = new_key(settings, "page-limited", "read", per_minute=3)
    log_in(browser, key)

    looked = [browser.get("/dashboards/promo-overview/board").status_code for _ in range(10)]
    with asking(settings, key) as program:
        asked = [program.get("/dashboards/promo-overview/board") for _ in range(10)]

    assert set(looked) == {httpx.codes.OK}
    problem(asked[-1], 429, "too-many-requests")


# What the page is made of


def test_the_page_may_load_and_run_nothing_but_its_own_files(
    settings: Settings, browser: httpx.Client
) -> None:
    log_in(browser, settings.api_key_file.read_text())
    page = browser.get("/dashboards/promo-overview")

    policy = dict(
        rule.strip().split(" ", 1) for rule in page.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert "unsafe-inline" not in str(policy)
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    loaded = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert {path.split("/")[1] for path in loaded} == {"dashboards"}
    for path in loaded:
        assert browser.get(path, follow_redirects=True).is_success, path


def test_files_are_kept_for_ever_and_compressed(browser: httpx.Client) -> None:
    form = browser.get("/dashboards/login").text
    (style,) = re.findall(r'href="([^"]+style\.css)"', form)
    charts = style.replace("style.css", "plotly.min.js")

    sent = browser.get(charts)

    assert sent.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert sent.headers["content-encoding"] == "gzip"
    assert int(sent.headers["content-length"]) < 1_600_000
    assert sent.text.startswith("/**\n* plotly.js v")
    plain = browser.get(style, headers={"Accept-Encoding": "identity"})
    assert plain.content == (REPOSITORY / "grafana/viewer/static/style.css").read_bytes()


@pytest.mark.parametrize("name", ["app.py", "../board.py", "..%2f..%2fboard.py", "login.html"])
def test_nothing_else_is_a_file(browser: httpx.Client, name: str) -> None:
    (style,) = re.findall(r'href="([^"]+)style\.css"', browser.get("/dashboards/login").text)

    assert browser.get(f"{style}{name}").status_code in (303, 404)
    assert browser.get("/dashboards/static/old/style.css").status_code == httpx.codes.NOT_FOUND


def test_the_page_is_told_what_to_draw_and_no_sql(api: httpx.Client, settings: Settings) -> None:
    document = api.get("/dashboards/promo-overview/board").text

    assert "SELECT" not in document
    board = orjson.loads(document)
    assert board["currency"] == settings.value_currency
    assert [each["uid"] for each in board["boards"]] == list(BOARDS)
    assert len(board["panels"]) == len(OVERVIEW.panels)


# What may be asked


@pytest.mark.parametrize(
    "path",
    ["nothing/board", "nothing/panels/1?from=now-1d", "promo-overview/panels/999?from=now-1d",
     "promo-overview/variables/none?from=now-1d", "static/x/y", "promo-overview/else"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(api: httpx.Client, path: str) -> None:
    problem(api.get(f"/dashboards/{path}"), 404, "route-unknown")


@pytest.mark.parametrize(
    ("begin", "end"),
    [("yesterday", "now"), ("now-1d", "then"), ("now", "now-1d"), ("", "now"), ("now+1d", "now"),
     ("1e9", "now"), ("now-1d'", "now"), ("now); DROP TABLE users", "now")],
)  # fmt: skip
def test_a_malformed_period_is_refused(api: httpx.Client, begin: str, end: str) -> None:
    answer = api.get("/dashboards/promo-overview/panels/1", params={"from": begin, "to": end})

    problem(answer, 400, "bad-request")


@pytest.mark.parametrize(
    "choices",
    [{"codes": ["x"]}, {"code": ["x" * (LONGEST_VALUE + 1)]}, {"per": ["century"]},
     {"code": [str(n) for n in range(MOST_VALUES + 1)]}, {"per": ["day", "week"]}],
)  # fmt: skip
def test_a_malformed_choice_is_refused(api: httpx.Client, choices: dict[str, list[str]]) -> None:
    problem(ask(api, OVERVIEW, 1, choices), 400, "bad-request")


@pytest.mark.parametrize(("board", "panel_id"), PANELS)
def test_every_panel_answers_to_all_to_one_and_to_anything_that_is_typed(
    api: httpx.Client, board: Board, panel_id: int
) -> None:
    for value in (None, "SPRING", CODE, *NASTY):
        chosen = {
            variable.name: [value]
            for variable in board.variables
            if value is not None and variable.kind is not VariableKind.CUSTOM
        }

        answer = ask(api, board, panel_id, chosen)

        assert answer.status_code == httpx.codes.OK, (value, answer.text)
        found = answer.json()
        assert all(len(row) == len(found["columns"]) for row in found["rows"])
        assert found["from_ms"] == 1_672_531_200_000
        assert not found["cut"]


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_every_variable_lists_its_values(api: httpx.Client, board: Board) -> None:
    for variable in board.variables:
        answer = api.get(f"/dashboards/{board.uid}/variables/{variable.name}", params=WHOLE)
        assert answer.status_code == httpx.codes.OK, answer.text
        options = answer.json()["options"]
        assert bool(options) is (variable.kind is not VariableKind.TEXT_BOX), variable.name


def test_choices_filter_and_all_among_them_filters_nothing(api: httpx.Client) -> None:
    assert the_number(api, "Redemptions") == 3
    assert the_number(api, "Redemptions", code=["SPRING"]) == 2
    assert the_number(api, "Redemptions", code=[CODE]) == 1
    assert the_number(api, "Redemptions", code=[CODE, "SPRING", "none"]) == 3
    assert the_number(api, "Redemptions", code=["none"]) == 0
    assert the_number(api, "Redemptions", code=["none", "__all"]) == 3


@pytest.mark.parametrize("value", NASTY)
def test_sql_in_a_choice_is_a_literal_that_nothing_equals_and_writes_nothing(
    settings: Settings, api: httpx.Client, value: str
) -> None:
    assert the_number(api, "Redemptions", code=[value]) == 0
    assert the_number(api, "Redemptions", discount=[value], timezone=[value]) == 0
    rows = ask(api, BOARDS["user"], panel_of(BOARDS["user"], "Profile"), {"user": [value]})
    assert rows.status_code == httpx.codes.OK

    with writer(settings) as client:
        assert client.query("SELECT count() FROM promo_codes FINAL").result_rows == [(2,)]


def test_an_account_is_found_by_whatever_text_its_id_is(settings: Settings) -> None:
    odd = ["o'hara", *NASTY[:-2], "ünï code", 'say "it"']
    insert(
        settings,
        [source_row(redeemed(user, "ODD", 5, usage_id=100 + n)) for n, user in enumerate(odd)],
    )
    try:
        with caller(settings) as api:
            redemptions = panel_of(BOARDS["user"], "Redemptions")
            for user in odd:
                answer = ask(api, BOARDS["user"], redemptions, {"user": [user]}).json()
                assert answer["rows"] == [[1 + (user == "o'hara")]], user
    finally:
        with writer(settings) as client:
            client.command(
                "DELETE FROM promo_usages WHERE promo_code = 'ODD'",
                settings={"mutations_sync": 1},
            )


def test_what_a_panel_is_asked_is_in_no_log(settings: Settings, api: httpx.Client) -> None:
    ask(api, OVERVIEW, 1, {"code": ["a code that nobody has"]})

    assert "nobody has" not in layout_of(settings).log_of("api").read_text()


# All time


def test_the_whole_history_shows_every_row_that_there_is(
    settings: Settings, api: httpx.Client
) -> None:
    moments = ("0001-01-01T00:00:00+00:00", "1899-12-30T00:00:00.000500+00:00",
               "1969-12-31T23:59:59.999999+00:00", "9999-12-31T23:59:59.999999+00:00")  # fmt: skip
    far_us = [microseconds(datetime.fromisoformat(moment)) for moment in moments]
    rows = [
        replace(redeemed("far", "FAR", usage_id=-n), used_at_us=t) for n, t in enumerate(far_us)
    ]
    assert listed(api, "last_event") == "now"

    insert(settings, [source_row(row) for row in rows])

    begin, end = listed(api, "first_event"), listed(api, "last_event")
    assert (begin, end) == ("-62135596800000", "253402300800000")
    whole = {"from": begin, "to": end, "var-code": "FAR"}
    number, bars = (
        api.get(f"/dashboards/{OVERVIEW.uid}/panels/{panel_of(OVERVIEW, title)}", params=whole)
        for title in ("Redemptions", "Redemptions over time")
    )
    assert number.json()["rows"] == [[len(moments)]]
    years = [datetime(int(moment[:4]), 1, 1, tzinfo=UTC) for moment in moments]
    drawn = [[microseconds(year) // 1_000, 1, 0] for year in years]
    assert bars.json()["rows"] == drawn


def listed(api: httpx.Client, name: str) -> str:
    """The only value of a variable."""
    answer = api.get(f"/dashboards/{OVERVIEW.uid}/variables/{name}", params={"from": "0"})
    (found,) = answer.json()["options"]
    return str(found["value"])
