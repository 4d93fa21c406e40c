-- The newest heartbeat of each partition: whether rows arrive here.
CREATE TABLE IF NOT EXISTS heartbeats
(
    partition Int32,
    beat_us   Int64 COMMENT 'when the monitor wrote it, by its clock'
)
ENGINE = ReplacingMergeTree
ORDER BY partition;
