-- Who changed what: labels, links, erasures, keys. Kept for good; told twice, it is there once.
CREATE TABLE IF NOT EXISTS audit_log
(
    audit_id   UUID,
    at         DateTime64(6, 'UTC'),
    actor      LowCardinality(String) COMMENT 'the client whose API key was used',
    key_id     LowCardinality(String),
    action     LowCardinality(String),
    subject    String COMMENT 'the account, or the key',
    detail     String COMMENT 'JSON object; nothing personal',
    request_id String
)
ENGINE = ReplacingMergeTree
ORDER BY (at, audit_id);
