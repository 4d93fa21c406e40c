"""The highest rate of source rows at which nothing falls behind, all parts on this machine.

Three places can: Debezium (rows committed, not yet in a topic), scoring and the warehouse
(messages in topics, not yet acknowledged). A lag is flat if its trend over the window is less
than a fiftieth of the traffic, it is worth less than three seconds of it, and it is gone soon
after the last row.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.figures import Figure, Section, Table
from benchmarks.lags import LAGS, LagMeter, trend
from benchmarks.pace import write_paced
from benchmarks.processes import cores_between, cores_table, use
from benchmarks.workbench import Workbench
from connectors.drain import wait_drained
from connectors.loading.rows import Row
from connectors.settings import Settings

RATES = (1_000.0, 1_500.0, 2_000.0, 2_500.0)
"""Tried in order until one is not flat; ``FALLBACK`` is tried if the first is not."""
FALLBACK = 500.0
MARK = 1_000.0
SECONDS, WARM_UP_S = 60.0, 10.0
TRANSACTIONS = 50.0
MOST_TREND, MOST_LAG_S, MOST_DRAIN_S = 0.02, 3.0, 8.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One minute at one rate.

    Attributes:
        rate: wanted; ``reached`` is what the writer managed.
        trends: messages a second that each lag grew by, over the rate.
        lags_s: each lag's mean over the last ten seconds, in seconds of traffic.
        drain_s: from the last row until everything was consumed.
        cores: busy, by part.
    """

    rate: float
    reached: float
    trends: Mapping[str, float]
    lags_s: Mapping[str, float]
    drain_s: float
    cores: Mapping[str, float]

    @property
    def flat(self) -> bool:
        """Whether nothing fell behind."""
        return (
            self.reached > 0.98 * self.rate
            and max(self.trends.values()) < MOST_TREND
            and max(self.lags_s.values()) < MOST_LAG_S
            and self.drain_s < MOST_DRAIN_S
        )


def measure(bench: Workbench) -> Section:
    """Try rates from the mark upwards."""
    settings, rows, trials = bench.live, bench.mix.endless(), list[Trial]()

    def is_flat(rate: float) -> bool:
        trial = _try(settings, rows, rate)
        trials.append(trial)
        print(f"  {rate:,.0f}/s: {'flat' if trial.flat else 'falls behind'}", flush=True)
        return trial.flat

    if is_flat(RATES[0]):
        all(is_flat(rate) for rate in RATES[1:])
    else:
        is_flat(FALLBACK)
    return _section(trials)


def _try(settings: Settings, rows: Iterator[Row], rate: float) -> Trial:
    wait_drained(settings)
    with LagMeter(settings) as meter:
        before = use(settings, memory=False)
        written = write_paced(
            settings, rows, rate, SECONDS, transactions=TRANSACTIONS, on_commit=meter.committed
        )
        after = use(settings, memory=False)
    ended = time.monotonic()
    wait_drained(settings)
    steady = [sample for sample in meter.samples if sample.at_s >= WARM_UP_S]
    last = [sample for sample in meter.samples if sample.at_s >= SECONDS - 10]
    return Trial(
        rate,
        written.rate,
        {name: trend(steady, name) / rate for name in LAGS},
        {name: sum(s.lags[name] for s in last) / len(last) / rate for name in LAGS},
        time.monotonic() - ended,
        cores_between(before, after),
    )


def _section(trials: Sequence[Trial]) -> Section:
    flat = max((trial.rate for trial in trials if trial.flat), default=0.0)
    return Section(
        "Sustained rate, end to end",
        [
            Figure(
                "sustained with flat lag, all parts",
                f"{flat:,.0f} events/s" if flat else f"less than {FALLBACK:,.0f} events/s",
                {"events_per_s": flat},
                f"≥ {MARK:,.0f} events/s",
                flat >= MARK,
                "a third core: the parts share this machine with the load generator",
            )
        ],
        (_lags(trials), cores_table({f"at {t.rate:,.0f}/s": t.cores for t in trials})),
        (
            f"Registrations and redemptions of the mix, {SECONDS:.0f} s at each rate, in"
            f" {TRANSACTIONS:.0f} transactions a second. Trend: growth of a lag as a share of the"
            " traffic. Lag: mean of the last ten seconds, in seconds of traffic; acknowledgements"
            " come once a second, so half a second of it is none.",
        ),
    )


def _lags(trials: Sequence[Trial]) -> Table:
    rows = [
        (
            f"{trial.rate:,.0f}",
            f"{trial.reached:,.0f}",
            *(f"{trial.trends[name]:+.1%}, {trial.lags_s[name]:.2f} s" for name in LAGS),
            f"{trial.drain_s:.1f}",
            "yes" if trial.flat else "no",
        )
        for trial in trials
    ]
    headings = ("rows/s", "written/s", *(f"{name}: trend, lag" for name in LAGS))
    return Table("Lag", (*headings, "drained after s", "flat"), rows)
