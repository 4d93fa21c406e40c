"""What accounts share, and whether anybody redeemed a code through two of them. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from ml.commentary.habits import Habits
from ml.commentary.shop import Account, Shop


@dataclass(frozen=True, slots=True)
class Links:
    """What accounts share, and whether any has redeemed a code that a linked one has redeemed.

    Attributes:
        devices, addresses, networks, mailboxes, phones: identifiers that several accounts have.
        by_mailbox, by_phone: the accounts that share one.
        pairs, same_code: pairs of accounts linked by mailbox or phone, and those of them that
            redeemed the same code.
    """

    devices: int
    addresses: int
    networks: int
    mailboxes: int
    by_mailbox: int
    phones: int
    by_phone: int
    pairs: int
    same_code: int


def links(shop: Shop) -> Links:
    """What accounts share."""
    habits = Habits(shop.accounts)
    pairs = linked_pairs(shop.accounts)
    codes = {
        a.profile.user_id: {event.canonical_code for event in a.redemptions} for a in shop.accounts
    }
    mailboxes, by_mailbox = habits.shared("canonical_email")
    numbers, by_phone = habits.shared("phone")
    return Links(
        devices=habits.shared("device")[0],
        addresses=habits.shared("ip")[0],
        networks=habits.shared("network")[0],
        mailboxes=mailboxes,
        by_mailbox=by_mailbox,
        phones=numbers,
        by_phone=by_phone,
        pairs=len(pairs),
        same_code=sum(bool(codes[one] & codes[other]) for one, other in pairs),
    )


def linked_pairs(accounts: Sequence[Account]) -> set[tuple[str, str]]:
    """Pairs of accounts with the same device, mailbox or phone."""
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for account in accounts:
        for fact in ("device", "canonical_email", "phone"):
            value = getattr(account.profile, fact)
            if value is not None:
                holders[fact, value].append(account.profile.user_id)
    return {pair for them in holders.values() for pair in combinations(sorted(them), 2)}
