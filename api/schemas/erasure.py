"""What a deletion answers, and how far it is."""

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

_RECEIPT: dict[str, Any] = {
    "receipt_id": "0d9f3c1e-8f52-4a7e-9c55-3a1de0a5f2b7",
    "user_id": "u-20481",
    "requested_by": "privacy-desk",
    "requested_at": "2026-11-23T08:15:00.104000Z",
}


class ErasureReceipt(BaseModel):
    """An erasure: its rows are gone in PostgreSQL, the stream does the rest."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_RECEIPT]})

    receipt_id: UUID = Field(description="by which its progress is looked up")
    user_id: str
    requested_by: str = Field(description="the client whose key was used first")
    requested_at: AwareDatetime


class StoreProgress(BaseModel):
    """How far one store is."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["done", "pending", "unknown"] = Field(
        description="asked just now; unknown where the store does not answer"
    )


class TopicProgress(BaseModel):
    """By when a topic has nothing left."""

    model_config = ConfigDict(extra="forbid")

    topic: str
    ends_by: Literal["compaction", "retention"]
    data_gone_by: AwareDatetime = Field(description="nothing but the account's id is left")
    key_gone_by: AwareDatetime = Field(description="nor is that")


class KafkaProgress(BaseModel):
    """Kafka keeps what was published until compaction or retention have removed it."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["done", "pending"] = Field(description="done once all these dates are past")
    topics: list[TopicProgress]


class Places(BaseModel):
    """Every place that had something of the account."""

    model_config = ConfigDict(extra="forbid")

    postgresql: StoreProgress
    redis: StoreProgress
    clickhouse: StoreProgress
    kafka: KafkaProgress


class Erasure(ErasureReceipt):
    """A receipt and how far its erasure is, place by place."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_RECEIPT,
                    "places": {
                        "postgresql": {"state": "done"},
                        "redis": {"state": "done"},
                        "clickhouse": {"state": "pending"},
                        "kafka": {
                            "state": "pending",
                            "topics": [
                                {
                                    "topic": "promo.public.users",
                                    "ends_by": "compaction",
                                    "data_gone_by": "2026-11-26T08:15:00.104000Z",
                                    "key_gone_by": "2026-11-29T08:15:00.104000Z",
                                },
                                {
                                    "topic": "promo.abuse_alerts",
                                    "ends_by": "retention",
                                    "data_gone_by": "2026-12-08T08:15:00.104000Z",
                                    "key_gone_by": "2026-12-08T08:15:00.104000Z",
                                },
                            ],
                        },
                    },
                }
            ]
        }
    )

    places: Places
