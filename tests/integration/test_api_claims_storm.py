"""Ten thousand claims of one code from two hundred clients, with the API killed in the middle."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import pytest
import redis

from connectors.settings import Settings, required
from infra.native import stack as native
from tests.conftest import running_stack, stack_settings
from tests.integration.claimants import defined, person, profile_change, streamed, told

CLUSTERS, MEMBERS, CLIENTS = 500, 20, 200
CODE = "STORM"
PATIENCE_S = 60.0
PAUSE_S = 0.05


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The API and what it asks; nobody scores."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("storm")), "api") as running:
        streamed(running, defined(CODE))
        yield running


def cluster(number: int) -> list[dict[str, Any]]:
    """Twenty accounts, any two of which have at most two strong links between them.

    By turns all on one device, with one phone, with one mailbox; or one in the middle that shares
    its device with some, its phone with others and its mailbox with the rest.
    """
    device, phone = f"storm-{number}", f"1555{number:07}"
    mailboxes = [f"storm{number}+{n}@gmail.com" for n in range(MEMBERS)]
    kinds: tuple[dict[str, list[Any]], ...] = (
        {"device_id": [device] * MEMBERS},
        {"phone": [phone] * MEMBERS},
        {"email": list(mailboxes)},
        {
            "device_id": [device] * 8 + [None] * 12,
            "phone": [phone] + [None] * 7 + [phone] * 6 + [None] * 6,
            "email": mailboxes[:1] + [None] * 13 + mailboxes[14:],
        },
    )
    facts = kinds[number % len(kinds)]
    return [
        person(f"s{number}-{n}", n, **{name: values[n] for name, values in facts.items()})
        for n in range(MEMBERS)
    ]


@dataclass
class Storm:
    """What the clients have been answered, by the claimant, which is its key too."""

    settings: Settings
    answers: dict[str, bytes] = field(default_factory=dict)
    lost: int = 0

    async def play(self, claims: Sequence[dict[str, Any]], kill_after: int | None = None) -> None:
        """Send all claims, each again until it is answered; kill the API after so many answers."""
        waiting, killed = iter(claims), asyncio.Event()

        async def client() -> None:
            async with aiohttp.ClientSession(headers=self._headers()) as session:
                for claim in waiting:
                    user_id = claim["user_id"]
                    self.answers[user_id] = await self._answer(session, claim)
                    if kill_after is not None and len(self.answers) >= kill_after:
                        killed.set()

        async def killer() -> None:
            await killed.wait()
            await asyncio.to_thread(native.kill_part, self.settings, "api")

        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as everybody:
            if kill_after is not None:
                everybody.create_task(killer())
            for _ in range(CLIENTS):
                everybody.create_task(client())

    async def _answer(self, session: aiohttp.ClientSession, claim: dict[str, Any]) -> bytes:
        key, body = {"Idempotency-Key": claim["user_id"]}, orjson.dumps(claim)
        while True:
            try:
                async with session.post(self._url(), data=body, headers=key) as answer:
                    content = await answer.read()
            except aiohttp.ClientError:
                self.lost += 1
            else:
                if answer.status == 200:
                    return content
                assert answer.status == 503, content  # whether it was reserved is unknown, too
            await asyncio.sleep(PAUSE_S)

    def _url(self) -> str:
        return f"http://127.0.0.1:{self.settings.api_port}/v1/redemptions/claim"

    def _headers(self) -> dict[str, str]:
        key = self.settings.api_key_file.read_text()
        return {"X-API-Key": key, "Content-Type": "application/json"}


def open_claims(settings: Settings) -> Counter[str]:
    """How many claims are open in Redis, by cluster."""
    password = required(settings.redis_password, "redis_password")
    with redis.Redis(port=settings.redis_port, password=password) as client:
        return Counter(
            {
                key.decode().removeprefix("claims:").split("-")[0]: client.zcard(key)
                for key in client.scan_iter("claims:s*", count=10_000)
            }
        )


async def test_of_ten_thousand_claims_exactly_one_a_cluster_is_granted_though_the_api_is_killed(
    settings: Settings,
) -> None:
    dice = random.Random(7)
    people = [row for number in range(CLUSTERS) for row in cluster(number)]
    middles = {f"s{number}-0" for number in range(CLUSTERS)}
    seen = {row["user_id"] for row in people if dice.random() < 0.5} | middles
    changes = [profile_change(settings, row) for row in people if row["user_id"] in seen]
    await asyncio.to_thread(streamed, settings, *changes)
    claims = [
        {"user_id": row["user_id"], "promo_code": CODE}
        | ({} if row["user_id"] in seen else told(row))
        for row in people
    ]
    dice.shuffle(claims)

    storm = Storm(settings)
    await storm.play(claims, kill_after=len(claims) // 2)

    assert storm.lost > 0  # it was killed among them
    granted = [user for user, answer in storm.answers.items() if orjson.loads(answer)["granted"]]
    assert len(storm.answers) == CLUSTERS * MEMBERS
    assert Counter(user.split("-")[0] for user in granted) == {
        f"s{number}": 1 for number in range(CLUSTERS)
    }
    assert open_claims(settings) == {f"s{number}": 1 for number in range(CLUSTERS)}

    again = Storm(settings)
    await again.play(claims)

    assert again.answers == storm.answers
    assert sum(open_claims(settings).values()) == CLUSTERS
