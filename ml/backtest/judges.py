"""The two judges of a backtest: the one that holds, and the one that is tried."""

from dataclasses import dataclass, replace
from pathlib import Path

from connectors.settings import Settings
from ml.bundle import CHALLENGER, CURRENT, Model, linked_version, load
from ml.policy import Policy
from ml.policy_file import load_policy
from ml.rules.rule import Mode
from ml.scorer import RULES_ONLY, Judge


@dataclass(frozen=True, slots=True)
class Trial:
    """What a backtest changes; everything else stays as it is.

    Attributes:
        policy: a policy file instead of the one that holds.
        model: a bundle's version instead of the running one; :data:`ml.scorer.RULES_ONLY`
            for none.
        promote_shadow: rules in shadow act, and the challenger, if there is one, judges.
    """

    policy: Path | None = None
    model: str | None = None
    promote_shadow: bool = False


def present(settings: Settings) -> Judge:
    """The judge that the workers have.

    Raises:
        BundleError: the running bundle cannot be used.
        PolicyError: the policy file cannot be used.
    """
    version = linked_version(settings.models_dir, CURRENT)
    return Judge(_model(settings, version), load_policy(settings.policy_file))


def tried(settings: Settings, before: Judge, trial: Trial) -> Judge:
    """The judge that a trial describes; raises as :func:`present`."""
    policy = before.policy if trial.policy is None else load_policy(trial.policy)
    model, version = before.model, trial.model
    if trial.promote_shadow:
        policy = promoted(policy)
        version = version or linked_version(settings.models_dir, CHALLENGER)
    if version is not None:
        model = _model(settings, None if version == RULES_ONLY else version)
    return Judge(model, policy)


def promoted(policy: Policy) -> Policy:
    """A policy whose rules in shadow act."""
    return replace(
        policy,
        rules=tuple(
            replace(rule, mode=Mode.ACTING) if rule.mode is Mode.SHADOW else rule
            for rule in policy.rules
        ),
    )


def _model(settings: Settings, version: str | None) -> Model | None:
    return None if version is None else Model(load(settings.models_dir, version))
