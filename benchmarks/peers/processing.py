"""What all peers share with production: the same processor, store, model and metrics."""

from connectors.profile import hasher_of
from connectors.settings import Settings
from ml.policy_file import load_policy
from stream_processors import logs
from stream_processors.dead_letters import Ceiling
from stream_processors.delivery import Delivery
from stream_processors.feature_store.redis_store import connect
from stream_processors.metrics import Metrics
from stream_processors.scoring.processor import ScoringProcessor
from stream_processors.scoring.running_judge import RunningJudge


def make_processor(settings: Settings, delivery: Delivery, metrics: Metrics) -> ScoringProcessor:
    """Production's processor with a delivery of the peer's choice."""
    logs.configure("WARNING")
    return ScoringProcessor(
        store=connect(settings),
        delivery=delivery,
        judge=RunningJudge(settings.models_dir, load_policy(settings.policy_file)),
        hashed=hasher_of(settings),
        ceiling=Ceiling(settings.dead_letter_ceiling),
        metrics=metrics,
    )
