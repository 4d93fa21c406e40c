"""Every error this project raises on purpose, and what the operator does about each.

::

    PromoError
    ├── SettingsError           fix the setting the message names
    │   └── SecretMissing       `make up`, or set the secret the message names
    ├── StackError              a part did not start or stop; the message says what to do
    ├── DependencyDown          nothing: the process waits and tries again
    │   └── DependencyRefuses   do what the message says; meanwhile the process tries again
    ├── PoisonMessage           look at `make dead-letters`, fix the producer, replay
    │   └── IncompleteRow       mend the source as `make status` says, `make reconcile APPLY=1`
    ├── DeadLetterCeiling       find what floods the topic, then restart the worker
    ├── KeyFileError            do with the API's keys as the message says
    ├── ForeignFileError        find out who put the file there that the message names; remove it
    ├── UnknownAccount          nothing: a caller asked for an account that has no risk
    ├── BundleError             `make train`, or put the previous bundle back
    ├── PolicyError             fix the line of the policy file that the message names
    ├── TrainingError           label more accounts, then `make train` again
    ├── MigrationError          put the edited migration back; write a new one
    ├── BackupError             do with the backup or the folder as the message says
    ├── LoadError               fix the file or the folder the message names
    ├── GrafanaError            do with Grafana as the message says
    ├── SimulationError         take a pack, a seed or figures as the message says
    ├── DashboardError          fix the dashboard that the message names, `make dashboards`
    ├── FiguresError            measure what the message names, or quote another figure
    ├── UnfitChoice             nothing: a reader asked a dashboard for what it does not offer
    └── DrainStalled            look at the consumer group the message names
"""


class PromoError(Exception):
    """Base of all errors below; anything else is a defect."""


class SettingsError(PromoError):
    """A setting is missing or malformed."""


class SecretMissing(SettingsError):
    """A secret is not set: the stack has not been set up, or runs elsewhere."""


class StackError(PromoError):
    """A part of the native stack could not be started, checked or stopped."""


class DependencyDown(PromoError):
    """PostgreSQL, Redis, Kafka, Connect or ClickHouse does not answer: wait and retry."""


class DependencyRefuses(DependencyDown):
    """A dependency answers, and takes nothing for now: it is full, read-only, or lets nobody in.

    Args:
        cause: which one, and why: "Redis is full …".
        remedy: what the operator does.
        answer: what it said itself.
    """

    def __init__(self, cause: str, remedy: str, answer: str) -> None:
        super().__init__(f"{cause}: {remedy} (it says: {answer})")
        self.cause = cause
        self.remedy = remedy


class PoisonMessage(PromoError):
    """A message that no retry will make readable; it belongs into the dead-letter topic.

    Args:
        stage: where it was found out: ``decode``, ``profile``, ``crash`` or ``insert``.
        reason: what is wrong with it, without personal data.
    """

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason


class IncompleteRow(PoisonMessage):
    """A row of which the source sends less than it has: PostgreSQL still has all of it.

    However many there are, they are no flood: what was set aside comes again by reconciling.
    """


class DeadLetterCeiling(PromoError):
    """Too many dead letters in a short time: the fault is not in single messages."""


class KeyFileError(PromoError):
    """The API's keys cannot be read, or not be changed like that."""


class ForeignFileError(PromoError):
    """A file in a part's folder is not what that part writes: a link, a pipe, somebody else's."""


class UnknownAccount(PromoError):
    """Nothing is known of an account: not registered, not scored yet, or erased."""


class BundleError(PromoError):
    """A model bundle is missing, damaged, or made for other features."""


class MigrationError(PromoError):
    """The warehouse's schema and the migration files do not belong together."""


class PolicyError(PromoError):
    """A policy (levels, rules, their modes and weights) cannot be used as it is written."""


class TrainingError(PromoError):
    """History does not hold what a model can be made of."""


class BackupError(PromoError):
    """A backup cannot be made or restored; the message says what was left as it was, or to do."""


class LoadError(PromoError):
    """A CSV folder or file cannot be loaded at all (single bad rows are only rejected)."""


class GrafanaError(PromoError):
    """A Grafana cannot take the dashboards: it is none, too old, not ready, or refuses us."""


class SimulationError(PromoError):
    """A play cannot be given: no such pack, figures that make none, or its seed is in use."""


class DashboardError(PromoError):
    """A generated dashboard holds something that the built-in page cannot show."""


class FiguresError(PromoError):
    """A document quotes a figure that no file of results has."""


class UnfitChoice(PromoError):
    """A period, or a variable's value, that a dashboard cannot be asked for.

    The message says what it takes, and repeats nothing of what was sent.
    """


class DrainStalled(PromoError):
    """A consumer stands still behind the stream's end: it is down, halted or blocked."""
