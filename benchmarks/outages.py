"""What every route answers while a dependency is away, and how soon it is well again.

Each route is asked all the time, as a checkout would ask it; one dependency after the other is
stopped and started again. Where it is written that a route needs none of it, it must go on.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import httpx

from api.decide_identifier import LEAST_SHARED
from benchmarks.figures import Figure, Section, Table, percentile
from benchmarks.workbench import Workbench
from connectors.settings import Settings
from infra.native import stack as native
from tests.e2e.pipeline import Pipeline
from tests.integration.api_client import registration
from tests.reading import eventually

PAUSE_S, AWAY_S, PATIENCE_S = 0.05, 6.0, 30.0
KNOWN_S = 1.5
"""Readiness is asked anew once a second; what was answered before then is not counted."""
HANGS_S = 5.0
"""A caller that has waited for so long has gone away."""

Ask = Callable[[httpx.Client], httpx.Response]
_CODE = "OUTAGE"
_DEFINE = "INSERT INTO promo_codes (promo_code) VALUES (%s) ON CONFLICT DO NOTHING"
_numbers = count()


def _registration() -> dict[str, object]:
    return {"registration": registration("asked-outage")}


def _claim(client: httpx.Client) -> httpx.Response:
    key = f"outage-{next(_numbers)}"
    body = {"user_id": "outage-anna", "promo_code": _CODE}
    return client.post("/v1/redemptions/claim", json=body, headers={"Idempotency-Key": key})


@dataclass(slots=True)
class Ignoring:
    """Says a word and takes it back, in turn: what stands already would publish nothing."""

    path: str
    about: Mapping[str, object]
    ignore: bool = True

    def __call__(self, client: httpx.Client) -> httpx.Response:
        answer = client.post(self.path, json={**self.about, "ignore": self.ignore})
        if answer.is_success:
            self.ignore = not self.ignore
        return answer


_LINK = {"user_id": "outage-ben", "other_user_id": "outage-carl"}
_ALIKE = [f"outage-alike-{number}" for number in range(LEAST_SHARED)]
_DEVICE = {"user_id": _ALIKE[0], "kind": "device"}


ROUTES: Mapping[str, Ask] = {
    "GET users/…/risk": lambda c: c.get("/v1/users/outage-anna/risk"),
    "GET users/…/links": lambda c: c.get("/v1/users/outage-anna/links"),
    "POST score": lambda c: c.post("/v1/score", json=_registration()),
    "POST score/batch": lambda c: c.post("/v1/score/batch", json={"requests": [_registration()]}),
    "POST redemptions/claim": _claim,
    "POST users/…/label": lambda c: c.post("/v1/users/outage-anna/label", json={"label": "honest"}),
    "POST links/ignore": Ignoring("/v1/links/ignore", _LINK),
    "POST identifiers/ignore": Ignoring("/v1/identifiers/ignore", _DEVICE),
    "GET alerts": lambda c: c.get("/v1/alerts?limit=1"),
    "GET alerts/stream": lambda c: c.get("/v1/alerts/stream?for_s=1"),
    "GET analytics/top-users": lambda c: c.get("/v1/analytics/top-users?limit=1"),
    "DELETE users/…": lambda c: c.delete("/v1/users/outage-nobody"),
    "GET healthz": lambda c: c.get("/healthz"),
    "GET readyz": lambda c: c.get("/readyz"),
}

NEEDS: Mapping[str, frozenset[str]] = {
    "redis": frozenset(ROUTES) - {
        "GET alerts", "GET alerts/stream", "GET analytics/top-users", "DELETE users/…",
        "GET healthz",
    },
    "kafka": frozenset(
        {"POST users/…/label", "POST links/ignore", "POST identifiers/ignore",
         "GET alerts/stream", "GET readyz"}
    ),
    "clickhouse": frozenset({"GET alerts", "GET analytics/top-users", "GET readyz"}),
    "postgres": frozenset({"DELETE users/…"}),
    "connect": frozenset(),
}  # fmt: skip
"""Which routes need which dependency; all others go on without it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: when it was asked, seconds it took, its status (0: none came)."""

    at: float
    took_s: float
    status: int


@dataclass(slots=True)
class Asking:
    """Every route, asked again and again, each by a caller of its own."""

    settings: Settings
    answers: dict[str, list[Answered]] = field(default_factory=lambda: {r: [] for r in ROUTES})
    _stop: threading.Event = field(default_factory=threading.Event)

    def ask(self, route: str) -> None:
        """Until stopped."""
        headers = {"X-API-Key": self.settings.api_key_file.read_text()}
        with httpx.Client(
            base_url=self.settings.api_url, headers=headers, timeout=HANGS_S, trust_env=False
        ) as client:
            while not self._stop.wait(PAUSE_S):
                at = time.monotonic()
                try:
                    status = ROUTES[route](client).status_code
                except httpx.HTTPError:
                    status = 0
                self.answers[route].append(Answered(at, time.monotonic() - at, status))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Asks within the block."""
        threads = [threading.Thread(target=self.ask, args=(route,)) for route in ROUTES]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def between(self, route: str, since: float, until: float) -> list[Answered]:
        """What was asked and answered in a span of time."""
        return [a for a in list(self.answers[route]) if since <= a.at < until - a.took_s]


@dataclass(frozen=True, slots=True)
class Outage:
    """One dependency's: when it was surely away, and when each route was well after it."""

    part: str
    began: float
    ended: float
    well_after_s: Mapping[str, float]


def measure(bench: Workbench) -> Section:
    """Stop and start each dependency while every route is asked."""
    settings = bench.live
    shop = Pipeline(settings)
    for user in ("outage-anna", "outage-ben", "outage-carl"):
        shop.sign_up(user, device_id="outage")
        shop.risk_when(user)
    for user in _ALIKE:
        shop.sign_up(user, device_id="alike")
    shop.risk_when(_ALIKE[-1])
    shop.run(_DEFINE, _CODE)
    asking = Asking(settings)
    with asking.running():
        eventually(lambda: all(map(_well, asking.answers.values())), "every route is well")
        outages = [_outage(settings, asking, part) for part in NEEDS]
    return _section(asking, outages)


def _outage(settings: Settings, asking: Asking, part: str) -> Outage:
    began = time.monotonic()
    native.stop_part(settings, part)
    stopped = time.monotonic()
    time.sleep(AWAY_S)
    ended = time.monotonic()
    native.start_part(settings, part)
    back = time.monotonic()
    eventually(
        lambda: all(map(_well, asking.answers.values())), f"{part} is back", timeout_s=PATIENCE_S
    )
    well = {
        route: max((a.at + a.took_s - back for a in found if a.at >= began and _bad(a)), default=0)
        for route, found in asking.answers.items()
    }
    print(
        f"  {part}: away for {ended - stopped:.1f} s, started in {back - ended:.1f} s", flush=True
    )
    return Outage(
        part, stopped + KNOWN_S, ended, {route: max(0.0, at) for route, at in well.items()}
    )


def _bad(answer: Answered) -> bool:
    return answer.status == 0 or answer.status >= 500


def _well(answers: Sequence[Answered]) -> bool:
    """The last ten answers were good."""
    newest = answers[-10:]
    return len(newest) == 10 and not any(map(_bad, newest))


def _section(asking: Asking, outages: Sequence[Outage]) -> Section:
    return Section(
        "What the API answers while a dependency is away",
        [figure for outage in outages for figure in _figures(asking, outage)],
        (_table(asking, outages),),
        (
            f"Every route is asked twenty times a second at most, each dependency is away for"
            f" {AWAY_S:.0f} s. In a cell: what was answered meanwhile, the median"
            " time of an answer, and, where it was ill, how long after the dependency was back"
            " the last bad answer came.",
        ),
    )


def _figures(asking: Asking, outage: Outage) -> Iterator[Figure]:
    during = {r: asking.between(r, outage.began, outage.ended) for r in ROUTES}
    spared = [r for r in ROUTES if r not in NEEDS[outage.part]]
    bad = sum(_bad(a) for route in spared for a in during[route])
    asked = sum(len(during[route]) for route in spared)
    yield Figure(
        f"{outage.part} away: routes that do not need it",
        f"{bad} of {asked:,} answers bad",
        {"bad": bad, "asked": asked},
        "0 bad",
        bad == 0,
    )
    if not NEEDS[outage.part]:
        return
    defaults = [a for r in NEEDS[outage.part] for a in during[r] if a.status not in (0, 503)]
    hung = sum(a.status == 0 for r in NEEDS[outage.part] for a in during[r])
    yield Figure(
        f"{outage.part} away: routes that need it",
        f"{len(defaults)} answers other than 503, {hung} without an answer",
        {"other": len(defaults), "none": hung},
        "503 alone",
        not defaults and not hung,
    )
    slowest = max(outage.well_after_s.values())
    yield Figure(
        f"{outage.part} back: until every route was well",
        f"{slowest:.1f} s",
        {"seconds": slowest},
    )


def _table(asking: Asking, outages: Sequence[Outage]) -> Table:
    rows = [
        (route, *(_cell(asking.between(route, o.began, o.ended), o.well_after_s[route])
                  for o in outages))
        for route in ROUTES
    ]  # fmt: skip
    return Table("Route by route", ("route", *(f"{o.part} away" for o in outages)), rows)


def _cell(answers: Sequence[Answered], well_after_s: float) -> str:
    statuses = sorted({a.status for a in answers})
    told = ", ".join("no answer" if status == 0 else str(status) for status in statuses)
    median_ms = percentile([a.took_s for a in answers], 0.5) * 1e3
    again = f"; well after {well_after_s:.1f} s" if any(map(_bad, answers)) else ""
    return f"{told} in {median_ms:.0f} ms{again}"
