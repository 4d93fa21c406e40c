"""The feature store in memory: the reference, and what training replays history through."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar, assert_never

from connectors.events import (
    AccountChange,
    Authority,
    Change,
    CodeDefined,
    CodeWithdrawn,
    Erased,
    Forgotten,
    IdentifierDecided,
    IgnoredLink,
    Labelled,
    LinksDecided,
    Redeemed,
    RedemptionChange,
    RedemptionWithdrawn,
    Registered,
    Said,
    Updated,
)
from connectors.profile import Profile
from ml.store import (
    CODE_LINKS,
    CONTACT_LINKS,
    DAY_US,
    STRONG_LINKS,
    WINDOW,
    CodeTerms,
    Link,
    LinkedAccount,
    Neighbourhood,
    Redemption,
    Verified,
    identifiers,
    verified,
)

_Place = tuple[Link, str]
_Member = tuple[int, str]
_Stranger = tuple[str, str | None, str]
_Terms = tuple[int, CodeTerms | None]
_NEVER = -1
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Decided(Generic[_T]):
    """What analysts decided last: its moment, and the version of the row that it was about."""

    what: _T
    version: int = _NEVER
    about: int = _NEVER


@dataclass(slots=True)
class _Account:
    version: int = _NEVER
    profile: Profile | None = None
    row_label: bool | None = None
    erased: int = _NEVER
    decided: _Decided[bool | None] = field(default_factory=lambda: _Decided(None))
    ignored: _Decided[tuple[IgnoredLink, ...]] = field(default_factory=lambda: _Decided(()))
    redemptions: list[Redemption] = field(default_factory=list)
    usages: dict[int, tuple[int, Redemption | None]] = field(default_factory=dict)

    @property
    def label(self) -> bool | None:
        """An analyst's word, else what the row says."""
        return self.row_label if self.decided.what is None else self.decided.what

    @property
    def newest_us(self) -> int:
        signed_up = self.profile.created_at_us if self.profile else 0
        return max(signed_up, self.redemptions[-1].used_at_us if self.redemptions else 0)

    def codes(self, cap: int) -> set[str]:
        return {redemption.canonical_code for redemption in self.redemptions[:cap]}


class MemoryStore:
    """A :class:`ml.store.FeatureStore` in dictionaries and sorted lists."""

    def __init__(self, window: int = WINDOW) -> None:
        """An empty store; tests shrink the window to overflow it with few accounts."""
        self._reach, self._cap = window, 2 * window
        self._accounts: defaultdict[str, _Account] = defaultdict(_Account)
        self._members: defaultdict[_Place, list[_Member]] = defaultdict(list)
        # What each authority said of an identifier, and when.
        self._words: defaultdict[_Place, dict[Authority, tuple[int, bool | None]]] = defaultdict(
            dict
        )
        # For each canonical code its rows, by their writing.
        self._codes: defaultdict[str, dict[str, _Terms]] = defaultdict(dict)
        self._waiting: defaultdict[str, set[str]] = defaultdict(set)
        # For each account who is not its neighbour, with who says so.
        self._strangers: defaultdict[str, set[_Stranger]] = defaultdict(set)

    def apply(self, changes: Iterable[Change]) -> set[str]:
        """See :class:`ml.store.FeatureStore`."""
        affected: set[str] = set()
        for change in changes:
            match change:
                case Registered() | Updated():
                    affected |= self._apply_account(change)
                case Erased():
                    affected |= self._apply_account(change) | self._end_decisions(change)
                case Redeemed() | RedemptionWithdrawn():
                    affected |= self._apply_redemption(change)
                case CodeDefined() | CodeWithdrawn():
                    affected |= self._apply_code(change)
                case Labelled():
                    affected |= self._apply_label(change)
                case LinksDecided():
                    affected |= self._apply_links(change)
                case IdentifierDecided():
                    self._apply_word(change)
                case Forgotten(said=Said.LABEL):
                    affected |= self._apply_label(Labelled(change.user_id, None, change.origin))
                case Forgotten():
                    affected |= self._apply_links(LinksDecided(change.user_id, (), change.origin))
                case _:
                    assert_never(change)
        return affected

    def neighbourhood(self, user_id: str) -> Neighbourhood | None:
        """See :class:`ml.store.FeatureStore`."""
        account = self._accounts.get(user_id)
        if account is None or account.profile is None:
            return None
        return self._around(account.profile, account)

    def surroundings(
        self, user_id: str, *, windows: int = 1, strangers_too: bool = False
    ) -> Neighbourhood | None:
        """As :meth:`neighbourhood`, through identifiers of nobody, too, and so many windows wide.

        With ``strangers_too`` also with accounts declared falsely linked.
        """
        account = self._accounts.get(user_id)
        if account is None or account.profile is None:
            return None
        return self._around(account.profile, account, windows, strangers_too, nobodys_too=True)

    def is_counted(self, link: Link, hashed: str) -> bool:
        """Whether an identifier links accounts: unless the newest words say it is nobody's."""
        words = self._words.get((link, hashed))
        if words is None:
            return True
        for authority in (Authority.ANALYST, Authority.MEASUREMENT):
            _, identifies = words.get(authority, (_NEVER, None))
            if identifies is not None:
                return identifies
        return True

    def concerned(self, link: Link, hashed: str) -> set[str]:
        """Whom it concerns whether an identifier counts; a sweep passes them on page by page.

        That is all who have it and, as a neighbour's device is a fact about it, all who are
        strongly linked with these through something else.
        """
        members = [user_id for _, user_id in self._members.get((link, hashed), ())]
        found = set(members)
        for user_id in members if link is Link.DEVICE else ():
            profile = self._accounts[user_id].profile
            assert profile is not None  # members are registered
            for other, value in identifiers(profile).items():
                if other in STRONG_LINKS and other is not link and self.is_counted(other, value):
                    found |= {user for _, user in self._window(other, value, _member(profile))}
        return found

    def accounts(self) -> Iterator[str]:
        """The registered accounts."""
        return (user for user, account in self._accounts.items() if account.profile)

    def label(self, user_id: str) -> bool | None:
        """What is known of an account; no score of its own ever reads it."""
        account = self._accounts.get(user_id)
        return account.label if account else None

    def neighbourhood_of(self, profile: Profile) -> Neighbourhood:
        """The neighbourhood that a registration would have; the store is not changed."""
        return self._around(profile, self._accounts.get(profile.user_id, _Account()))

    def _around(
        self,
        profile: Profile,
        account: _Account,
        windows: int = 1,
        strangers_too: bool = False,
        nobodys_too: bool = False,
    ) -> Neighbourhood:
        redemptions = tuple(account.redemptions[: self._cap])
        known = {r.canonical_code: self._terms(r.canonical_code) for r in redemptions}
        return Neighbourhood(
            profile=profile,
            redemptions=redemptions,
            last_redeemed_at_us=account.redemptions[-1].used_at_us if account.redemptions else None,
            linked={
                link: tuple(
                    self._linked(member)
                    for member in self._window(link, hashed, _member(profile), windows)
                    if strangers_too or not self._are_strangers(profile.user_id, link, member[1])
                )
                for link, hashed in identifiers(profile).items()
                if nobodys_too or self.is_counted(link, hashed)
            },
            codes={code: terms for code, terms in known.items() if terms is not None},
        )

    def _linked(self, member: _Member) -> LinkedAccount:
        created_at_us, user_id = member
        account = self._accounts[user_id]
        facts = account.profile
        device = facts.device if facts else None
        return LinkedAccount(
            user_id,
            created_at_us,
            account.label,
            tuple(account.redemptions[: self._cap]),
            device if device and self.is_counted(Link.DEVICE, device) else None,
            facts.agent if facts else None,
            verified(facts) if facts else Verified(),
        )

    def _are_strangers(self, user_id: str, link: Link, other: str) -> bool:
        return any(
            stranger == other and through in (None, link)
            for stranger, through, _ in self._strangers.get(user_id, ())
        )

    def _window(self, link: Link, hashed: str, member: _Member, windows: int = 1) -> list[_Member]:
        members = self._members.get((link, hashed), [])
        at = bisect_left(members, member)
        after = at + 1 if at < len(members) and members[at] == member else at
        reach = windows * self._reach
        return members[max(0, at - reach) : at] + members[after : after + reach]

    def _apply_account(self, change: AccountChange) -> set[str]:
        user_id = change.user_id if isinstance(change, Erased) else change.profile.user_id
        account = self._accounts[user_id]
        if change.origin.version < account.version:
            return set()
        redelivered = change.origin.version == account.version
        before, label = account.profile, account.label
        account.version = change.origin.version
        account.profile = None if isinstance(change, Erased) else change.profile
        account.row_label = None if isinstance(change, Erased) else change.label
        affected = set()
        if redelivered or _place(before) != _place(account.profile):
            self._move(before, account.profile)
            affected |= self._in_reach(before) | self._in_reach(account.profile)
        elif label != account.label:
            affected |= self._in_reach(account.profile)
        elif _verified(before) != _verified(account.profile):
            affected |= self._in_reach(account.profile, CONTACT_LINKS)
        return affected - {user_id}

    def _apply_label(self, change: Labelled) -> set[str]:
        account = self._accounts[change.user_id]
        if change.origin.version < account.decided.version:
            return set()
        redelivered, label = change.origin.version == account.decided.version, account.label
        said = None if change.about <= account.erased else change.label
        account.decided = _Decided(said, change.origin.version, change.about)
        if not redelivered and label == account.label:
            return set()
        return self._in_reach(account.profile) - {change.user_id}

    def _apply_links(self, change: LinksDecided) -> set[str]:
        user_id, account = change.user_id, self._accounts[change.user_id]
        if change.origin.version < account.ignored.version:
            return set()
        before = account.ignored.what
        standing = () if change.about <= account.erased else change.ignored
        standing = tuple(
            link for link in standing if link.about > self._accounts[link.other_user_id].erased
        )
        self._ignore(user_id, _Decided(standing, change.origin.version, change.about))
        return self._registered({user_id, *_others(before), *_others(standing)})

    def _apply_word(self, change: IdentifierDecided) -> None:
        """Whom it concerns is passed on page by page, see :meth:`concerned`."""
        words = self._words[Link(change.kind), change.hashed]
        known, _ = words.get(change.authority, (_NEVER, None))
        if change.origin.version >= known:
            words[change.authority] = (change.origin.version, change.identifies)

    def _ignore(self, user_id: str, decided: _Decided[tuple[IgnoredLink, ...]]) -> None:
        """Let an account's list stand, and no other list of it."""
        for link in self._accounts[user_id].ignored.what:
            self._strangers[user_id].discard((link.other_user_id, link.through, user_id))
            self._strangers[link.other_user_id].discard((user_id, link.through, user_id))
        for link in decided.what:
            self._strangers[user_id].add((link.other_user_id, link.through, user_id))
            self._strangers[link.other_user_id].add((user_id, link.through, user_id))
        self._accounts[user_id].ignored = decided

    def _end_decisions(self, change: Erased) -> set[str]:
        """An erasure ends what was decided about older rows, in other accounts' lists too.

        It matters to nobody, unless the account has come back already.
        """
        user_id, account = change.user_id, self._accounts[change.user_id]
        if change.origin.version <= account.erased:
            return set()
        account.erased = change.origin.version
        affected, label = set(), account.label
        if account.decided.about <= account.erased:
            account.decided = replace(account.decided, what=None)
        if label != account.label:
            affected |= self._in_reach(account.profile)
        for owner in {owner for _, _, owner in self._strangers[user_id]}:
            affected |= self._end_links(owner, user_id)
        return affected - {user_id} if account.profile else set()

    def _end_links(self, owner: str, erased: str) -> set[str]:
        """Take what names an erased account out of a list; the accounts that it had named."""
        decided, until = self._accounts[owner].ignored, self._accounts[erased].erased
        over = {
            link
            for link in decided.what
            if (owner == erased and decided.about <= until)
            or (link.other_user_id == erased and link.about <= until)
        }
        kept = tuple(link for link in decided.what if link not in over)
        self._ignore(owner, replace(decided, what=kept))
        return self._registered({owner, *_others(over)}) if over else set()

    def _registered(self, users: Iterable[str]) -> set[str]:
        return {user for user in users if self._accounts[user].profile}

    def _move(self, before: Profile | None, after: Profile | None) -> None:
        for profile in (before,) if before else ():
            for place in identifiers(profile).items():
                self._members[place].remove(_member(profile))
        for profile in (after,) if after else ():
            for place in identifiers(profile).items():
                insort(self._members[place], _member(profile))

    def _in_reach(self, profile: Profile | None, links: Collection[Link] = tuple(Link)) -> set[str]:
        """The accounts to which this account's presence can matter, by each link's rule."""
        if profile is None:
            return set()
        reached = set()
        for link, hashed in self._counted(profile):
            if link not in links:
                continue
            for created_at_us, user_id in self._window(link, hashed, _member(profile)):
                near = abs(created_at_us - profile.created_at_us) <= DAY_US
                later = self._accounts[user_id].newest_us >= profile.created_at_us
                if link in STRONG_LINKS or near or later:
                    reached.add(user_id)
        return reached

    def _counted(self, profile: Profile) -> Iterator[_Place]:
        """The identifiers that link the account."""
        return (place for place in identifiers(profile).items() if self.is_counted(*place))

    def _apply_redemption(self, change: RedemptionChange) -> set[str]:
        if isinstance(change, RedemptionWithdrawn):
            return self._put_redemption(
                change.user_id, change.usage_id, change.origin.version, None
            )
        affected: set[str] = set()
        version = change.origin.version
        if change.previous_user_id is not None:
            affected |= self._put_redemption(
                change.previous_user_id, change.usage_id, version, None
            )
        redemption = Redemption(change.used_at_us, change.usage_id, change.canonical_code)
        counted = redemption if change.counted else None
        return affected | self._put_redemption(change.user_id, change.usage_id, version, counted)

    def _put_redemption(
        self, user_id: str, usage_id: int, version: int, redemption: Redemption | None
    ) -> set[str]:
        account = self._accounts[user_id]
        known, earlier = account.usages.get(usage_id, (_NEVER, None))
        if version < known:
            return set()
        codes = account.codes(self._cap)
        if earlier is not None:
            account.redemptions.remove(earlier)
            if all(r.canonical_code != earlier.canonical_code for r in account.redemptions):
                self._waiting[earlier.canonical_code].discard(user_id)
        if redemption is not None:
            insort(account.redemptions, redemption)
            if self._terms(redemption.canonical_code) is None:
                self._waiting[redemption.canonical_code].add(user_id)
        account.usages[usage_id] = (version, redemption)
        # A redelivery cannot tell any more which code it took away: then all codes count.
        codes_in_play = None if version == known else codes | account.codes(self._cap)
        return self._reached_by_codes(user_id, account, codes_in_play)

    def _reached_by_codes(
        self, user_id: str, account: _Account, codes: set[str] | None
    ) -> set[str]:
        """The account, the neighbours with one of the codes (with any, where None), and bridges."""
        if account.profile is None:
            return set()
        reached = {user_id}
        for link, hashed in self._counted(account.profile):
            if link in CODE_LINKS:
                for _, neighbour in self._window(link, hashed, _member(account.profile)):
                    has_one = codes is None or codes & self._accounts[neighbour].codes(self._cap)
                    if has_one or self._may_bridge(neighbour, link):
                        reached.add(neighbour)
        return reached

    def _may_bridge(self, user_id: str, link: Link) -> bool:
        """Whether an account shares another strong identifier with anybody, beside a strong one."""
        profile = self._accounts[user_id].profile
        return (
            link in STRONG_LINKS
            and profile is not None
            and any(
                other in STRONG_LINKS and other != link and len(self._members[other, hashed]) > 1
                for other, hashed in self._counted(profile)
            )
        )

    def _apply_code(self, change: CodeDefined | CodeWithdrawn) -> set[str]:
        writings = self._codes[change.canonical_code]
        known, _ = writings.get(change.promo_code, (_NEVER, None))
        if change.origin.version < known:
            return set()
        terms = None
        if isinstance(change, CodeDefined):
            terms = CodeTerms(
                change.discount_type, change.discount_value, change.min_purchase_amount
            )
        writings[change.promo_code] = (change.origin.version, terms)
        return {u for u in self._waiting[change.canonical_code] if self._accounts[u].profile}

    def _terms(self, canonical_code: str) -> CodeTerms | None:
        """Those of the smallest writing that is defined."""
        writings = self._codes.get(canonical_code, {})
        defined = {writing: terms for writing, (_, terms) in writings.items() if terms}
        return defined[min(defined)] if defined else None


def _others(links: Iterable[IgnoredLink]) -> set[str]:
    return {link.other_user_id for link in links}


def _member(profile: Profile) -> _Member:
    return profile.created_at_us, profile.user_id


def _verified(profile: Profile | None) -> Verified | None:
    """What neighbours see of an account's contacts; when it changes, those through them are scored
    again."""
    return verified(profile) if profile else None


def _place(profile: Profile | None) -> tuple[int, dict[Link, str], str | None] | None:
    """What others see of an account; when it changes, they are scored again."""
    if profile is None:
        return None
    return profile.created_at_us, identifiers(profile), profile.agent
