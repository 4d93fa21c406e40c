"""One value that many accounts share, measured in the warehouse."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver import Client

from connectors.errors import DependencyDown
from connectors.profile import Profile
from connectors.settings import Settings, required
from ml.shared_values.figures import figures
from ml.shared_values.judgement import Judgement, judge
from ml.shared_values.sharers import SAMPLE, Sharer, pace, sharer
from ml.store import DAY_US, Link
from warehouse.client import clickhouse_answers, reader
from warehouse.queries import query

_Nobodys = frozenset[tuple[Link, str]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured: of how many accounts, and what follows."""

    accounts: int
    judgement: Judgement


class Measurement:
    """Asks the warehouse; connects when first asked, and again after a failure.

    Raises:
        SettingsError: the password is not set.
    """

    def __init__(self, settings: Settings) -> None:
        required(settings.clickhouse_api_password, "clickhouse_api_password")
        self._settings = settings
        self._client: Client | None = None

    def judge(self, kind: Link, hashed: str, is_nobodys: bool, nobodys: _Nobodys) -> Measured:
        """Measure a value; reads :data:`ml.shared_values.sharers.SAMPLE` accounts twice at most.

        Args:
            kind, hashed: the value.
            is_nobodys: whether the measurement says so far that it identifies nobody.
            nobodys: other identifiers that identify nobody.

        Raises:
            DependencyDown: ClickHouse does not answer.
        """
        place = {"kind": kind.value, "hash": hashed}
        by_day = {int(day): int(count) for day, count in self._ask("sharers_by_day", place)}
        found, asked = pace(by_day), {**place, "limit": SAMPLE}
        steady = self._ask("sharers", {**asked, "most_a_day": found.most_a_day}) if by_day else ()
        sharers = [_account(kind, nobodys, *row) for row in steady]
        if not sharers:
            return Measured(0, Judgement(True, "nobody has it any more"))
        span = {"first_us": min(by_day) * DAY_US, "last_us": (max(by_day) + 1) * DAY_US}
        rest = self._ask("others_of_that_time", {**asked, **span})
        others = [_account(kind, nobodys, *row) for row in rest]
        return Measured(found.accounts, judge(figures(kind, found, sharers, others), is_nobodys))

    def _ask(self, name: str, parameters: dict[str, Any]) -> Iterable[Any]:
        try:
            with clickhouse_answers():
                if self._client is None:
                    self._client = reader(self._settings)
                return self._client.query(query(name), parameters=parameters).result_rows
        except DependencyDown:
            self._client = None
            raise


def _account(kind: Link, nobodys: _Nobodys, *row: Any) -> Sharer:
    (
        user_id, created_at_us, mailbox, phone, device, ip, network, is_email_verified,
        is_phone_verified, email_domain, agent, label, redemptions,
    ) = row  # fmt: skip
    profile = Profile(
        user_id,
        created_at_us,
        canonical_email=mailbox,
        phone=phone,
        device=device,
        ip=ip,
        network=network,
        is_email_verified=is_email_verified,
        is_phone_verified=is_phone_verified,
        email_domain=email_domain,
        agent=agent,
    )
    return sharer(kind, profile, label, redemptions, nobodys)
