-- Where a dead letter lies and why; its bytes stay in the dead-letter topic.
CREATE TABLE IF NOT EXISTS dead_letters
(
    topic     LowCardinality(String),
    partition Int32,
    offset    Int64,
    stage     LowCardinality(String),
    error     String,
    failed_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(failed_at)
ORDER BY (topic, partition, offset);

CREATE TABLE IF NOT EXISTS pipeline_metrics
(
    sampled_at DateTime64(3, 'UTC'),
    part       LowCardinality(String),
    metric     LowCardinality(String),
    labels     String COMMENT 'JSON object',
    value      Float64
)
ENGINE = ReplacingMergeTree
ORDER BY (part, metric, labels, sampled_at)
TTL toDateTime(sampled_at) + INTERVAL 30 DAY;
