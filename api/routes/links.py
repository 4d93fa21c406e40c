"""Who is linked with an account, and through what."""

import orjson
from starlette.responses import Response

from api.access.keys import Scope
from api.access.scoped import scoped_router
from api.decide import Standing
from api.decide_identifier import shared_identifiers
from api.deps import StoreDep
from api.problems import documented
from api.routes.decisions import false_link, shared_identifier
from api.routes.risks import UserId
from api.schemas.decision import Links, label_name
from api.schemas.problem import Kind
from connectors.errors import UnknownAccount
from connectors.moments import iso
from connectors.profile import Profile
from ml.store import Link, LinkedAccount, Neighbourhood
from stream_processors.feature_store.redis_store import RedisStore

router = scoped_router("risk", Scope.READ)


@router.get(
    "/v1/users/{user_id:text}/links",
    response_model=Links,
    responses=documented(Kind.ACCOUNT_UNKNOWN),
)
async def linked_accounts(user_id: UserId, store: StoreDep) -> Response:
    """The accounts that share an identifier with one, and those declared falsely linked.

    And identifiers that so many share that somebody said whether they identify anybody, and what
    it has in place of identifiers.
    """
    (known,) = (await store.exchange((), (user_id,))).subjects
    if known.neighbourhood is None:
        raise UnknownAccount
    ignored = [false_link(one) for one in await _ignored(store, user_id)]
    shared = await shared_identifiers(store, known.neighbourhood)
    document = {
        "user_id": user_id,
        "linked": linked(known.neighbourhood),
        "ignored": ignored,
        "identifiers": [shared_identifier(one) for one in shared],
        "placeholders": placeholders(known.neighbourhood.profile),
    }
    return Response(orjson.dumps(document), media_type="application/json")


def placeholders(profile: Profile) -> list[dict[str, str]]:
    """What an account has in place of identifiers, without hashes. Pure."""
    return [
        {"kind": kind, "form": form}
        for kind, form, _ in (entry.split("|") for entry in profile.placeholders)
    ]


def linked(around: Neighbourhood) -> list[dict[str, object]]:
    """Each neighbour once, in order of sign-up (ties by account). Pure."""
    accounts: dict[str, LinkedAccount] = {}
    through: dict[str, list[Link]] = {}
    for link, neighbours in around.linked.items():
        for account in neighbours:
            accounts[account.user_id] = account
            through.setdefault(account.user_id, []).append(link)
    return [
        {
            "user_id": account.user_id,
            "through": through[account.user_id],
            "since": iso(max(account.created_at_us, around.profile.created_at_us)),
            "label": label_name(account.label),
            "redemptions": len(account.redemptions),
        }
        for account in sorted(accounts.values(), key=lambda a: (a.created_at_us, a.user_id))
    ]


async def _ignored(store: RedisStore, user_id: str) -> list[Standing]:
    """Links of an account that were declared false, in its own list and in others'."""
    return [
        Standing(owner, link)
        for owner in await store.who_ignores(user_id)
        for link in (await store.decided(owner)).ignored
        if user_id in (owner, link.other_user_id)
    ]
