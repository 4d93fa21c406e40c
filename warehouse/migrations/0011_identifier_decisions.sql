-- Whether values that accounts share identify anybody: the newest word of measurement and analysts.
CREATE TABLE IF NOT EXISTS identifier_decisions
(
    kind       LowCardinality(String) COMMENT 'device, phone or email (the mailbox)',
    hash       String COMMENT 'keyed, as in the users table',
    authority  LowCardinality(String) COMMENT 'measurement, or analyst, whose word stands above it',
    version    UInt64 COMMENT 'moment of the decision in microseconds',
    identifies Nullable(Bool) COMMENT 'false: nobody; null: what was said is taken back',
    decided_by String,
    why        String COMMENT 'for people, with the figures',
    shared_by  UInt64 COMMENT 'accounts that had the value then',
    decided_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (kind, hash, authority);

-- Those that identify nobody as it stands: by an analyst's word, else by the measurement's.
CREATE OR REPLACE VIEW uncounted_identifiers AS
SELECT
    kind,
    hash,
    argMaxIf(authority, authority = 'analyst', identifies IS NOT NULL) AS whose,
    argMaxIf(shared_by, authority = 'analyst', identifies IS NOT NULL) AS accounts,
    argMaxIf(decided_by, authority = 'analyst', identifies IS NOT NULL) AS said_by,
    argMaxIf(why, authority = 'analyst', identifies IS NOT NULL) AS reason,
    argMaxIf(decided_at, authority = 'analyst', identifies IS NOT NULL) AS since
FROM identifier_decisions FINAL
GROUP BY kind, hash
HAVING argMaxIf(assumeNotNull(identifies), authority = 'analyst', identifies IS NOT NULL) = false
    AND countIf(identifies IS NOT NULL) > 0;
