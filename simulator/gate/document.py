"""``docs/attacks.md``: the stories as their modules tell them, and what was measured. Pure."""

import inspect
import sys
from collections.abc import Iterator

from simulator.gate.cast import CAST, GatePack
from simulator.gate.report import Report, lines

_INTRODUCTION = """\
# Attacks among honest people

`make attack [SEEDS=10] [PACK=name]` plays every story below, each seed with other people, against
a live stack of its own on free ports: PostgreSQL, Debezium, Kafka, the scoring worker, Redis. It
prints the tables, writes them to `benchmarks/results/attack.{md,json}` and this page, and fails
when a floor is broken. `make test` plays two seeds with the same floors. Nothing is trained for
it: rules and the standard policy alone judge (`python -m simulator.gate --model current` takes
the running model instead, and `--core` leaves out the stack, for trying weights in seconds).

**How it is played.** Events carry their own time, in the past. The stories share nothing, so they
go side by side in waves: wave k holds the k-th event of every story, and is written when the
scoring worker has processed wave k - 1 and everything that it caused. So a registration is judged
before the story's next event, as in a live shop, and weeks take minutes.

**What the columns say.** *Caught*: high or critical when all was drained. *At registration*: so
already when the account's own registration was scored. *First caught*: which account of a story
was the first to be flagged at its registration, as median and worst over the stories. *Time to
catch*: event time from a story's first sign-up to the event after which one of its accounts was
flagged. *Saved*: value of redemptions by accounts that were flagged before, which the checkout
would have challenged; *lost*: of all others; in the shop's currency, a percentage as a lower
bound. *Challenged* and *denied*: honest accounts that are high and critical in the end; *ever
flagged*: that were so at any time.

**What hundreds share** is measured when all is told (`ml/shared_values/`), each story as a shop of
its own, as the monitor does it hour by hour. *growing_ring* and *placeholders* are told as the past
for that, so their times say nothing. Whose accounts are really unlike in everything else (mailboxes
at many providers, numbers, addresses, browsers, codes, pace) for weeks has one device's value let
go, after its first hundred accounts were denied. He gains nothing that he could not have had: who
can give each account a browser of its own, from the same machine, can give it a device too, and a
number or a mailbox that is verified is held to be somebody's. What he saves on any of it is caught
by that measure, and what links single accounts besides still does. What stays uncaught is the same
as without a shared device: a ring that pays for everything anew. And what is let go too late: a
placeholder in a shop that knows less than two other identifiers of most people, or whose app sends
one browser's build for all of them and one code, until an analyst says so.

**What it does not show.** The stories are ours, and so are the rates: where they come from is
said with each story, and what is marked as assumed is not measured. Names, mailboxes and browsers
are from small tables of ours: Faker draws a person in 170 µs where these take 15, its user agents
are of no browser that exists, and its mailboxes are not tied to a country.
"""


def document(report: Report) -> str:
    """The page."""
    return "\n".join([_INTRODUCTION, *lines(report, title=False), "", *_stories()]) + "\n"


def story_of(pack: GatePack) -> str:
    """A pack's story as its module tells it."""
    return inspect.cleandoc(sys.modules[pack.story.__module__].__doc__ or "")


def _stories() -> Iterator[str]:
    told: set[str] = set()
    for title, attacks in (("Stories of attacks", True), ("Stories of honest people", False)):
        yield f"## {title}"
        for pack in CAST:
            text, name = story_of(pack), pack.name.partition(":")[0]
            if pack.kind.is_attack is attacks and text not in told:
                told.add(text)
                yield from ("", f"### {name}", "", text)
        yield ""
