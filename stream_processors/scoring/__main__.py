"""``python -m stream_processors.scoring --slot N``: one scoring worker."""

import argparse
from typing import Any

from connectors.profile import hasher_of
from connectors.settings import Settings, load_settings
from connectors.topics import SCORING_GROUP, SCORING_SOURCES, Topic
from ml.policy_file import load_policy
from stream_processors import logs
from stream_processors.crashes import Crashes
from stream_processors.dead_letters import Ceiling
from stream_processors.delivery import Delivery
from stream_processors.faust_app import App, make_app, raw_topic, run, serve_when_assigned
from stream_processors.feature_store.redis_store import connect
from stream_processors.intake import FaustIntake
from stream_processors.metrics import Metrics
from stream_processors.scoring.processor import ScoringProcessor
from stream_processors.scoring.running_judge import RunningJudge
from stream_processors.worker import Worker

BATCH = 200


def scoring_app(settings: Settings, slot: int, metrics: Metrics) -> App:
    """The Faust app of one scoring worker.

    Partition n of the users and of the rescore requests are always the same worker's. Users are
    read by an agent of their own, so that a registration does not wait behind the backlog of a
    million redemptions; both agents take turns with the one worker, so an account is never in two
    batches at once. In which order messages of different partitions are processed matters to no
    risk.
    """
    app = make_app(settings, SCORING_GROUP, slot)
    processor = ScoringProcessor(
        store=connect(settings),
        delivery=Delivery(settings, f"{SCORING_GROUP}-{slot}"),
        judge=RunningJudge(settings.models_dir, load_policy(settings.policy_file)),
        hashed=hasher_of(settings),
        ceiling=Ceiling(settings.dead_letter_ceiling),
        metrics=metrics,
    )
    crashes = Crashes(settings.worker_dir(SCORING_GROUP, slot) / "crashes.json")
    worker = Worker(processor, crashes, metrics)

    @app.agent(raw_topic(app, [Topic.USERS]), name="users")
    async def users(stream: Any) -> None:
        await worker.run(FaustIntake(stream.noack(), BATCH))

    others = [topic for topic in SCORING_SOURCES if topic is not Topic.USERS]

    @app.agent(raw_topic(app, (*others, Topic.HEARTBEATS)), name="scoring")
    async def scoring(stream: Any) -> None:
        await worker.run(FaustIntake(stream.noack(), BATCH))

    return app


def main() -> None:
    """Run until terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slot", type=int, default=0, help="number of this worker, from 0")
    slot = parser.parse_args().slot
    settings = load_settings()
    logs.configure(settings.log_level)
    metrics = Metrics()
    metrics.consumes(SCORING_SOURCES)
    app = scoring_app(settings, slot, metrics)
    serve_when_assigned(app, metrics, settings.metrics_host, settings.scoring_metrics_port(slot))
    run(app)


if __name__ == "__main__":
    main()
