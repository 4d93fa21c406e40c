-- What shadow rules and a challenger would have said; the browser's build; analysts' decisions.
ALTER TABLE users ADD COLUMN IF NOT EXISTS agent Nullable(String);

ALTER TABLE risk_scores
    ADD COLUMN IF NOT EXISTS shadow_rules Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS challenger_version LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS challenger_score Nullable(Float64),
    ADD COLUMN IF NOT EXISTS challenger_level LowCardinality(Nullable(String));

-- An analyst's newest word on an account; null takes back what was said before.
CREATE TABLE IF NOT EXISTS labels
(
    user_id    String,
    version    UInt64 COMMENT 'moment of the decision in microseconds',
    is_abuser  Nullable(Bool),
    decided_by String,
    note       String,
    decided_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY user_id;

-- All links of an account that analysts have declared false, the whole list each time.
CREATE TABLE IF NOT EXISTS link_decisions
(
    user_id    String,
    version    UInt64,
    ignored    String COMMENT 'JSON: [{other_user_id, through, decided_by, note, decided_at}]',
    decided_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY user_id;
