-- Source rows as profiles. The newest version of a row wins; a deletion is a version too.
CREATE TABLE IF NOT EXISTS users
(
    user_id           String,
    version           UInt64 COMMENT 'LSN of the change in PostgreSQL',
    is_deleted        UInt8 DEFAULT 0,
    committed_at      DateTime64(6, 'UTC') COMMENT 'commit in PostgreSQL',
    created_at        Nullable(DateTime64(6, 'UTC')) COMMENT 'sign-up; null in a deleted row',
    email             Nullable(String) COMMENT 'keyed hash, as all identifiers here',
    canonical_email   Nullable(String),
    phone             Nullable(String),
    device            Nullable(String),
    ip                Nullable(String),
    network           Nullable(String),
    is_email_verified Nullable(Bool),
    is_phone_verified Nullable(Bool),
    email_domain      Nullable(String),
    email_is_alias    Nullable(Bool),
    phone_shape       Nullable(String),
    first_name_case   LowCardinality(Nullable(String)),
    last_name_case    LowCardinality(Nullable(String)),
    birth_year        Nullable(Int16),
    ip_is_private     Nullable(Bool),
    user_agent_family LowCardinality(Nullable(String)),
    timezone          LowCardinality(Nullable(String)),
    hour              UInt8 DEFAULT 0,
    is_abuser         Nullable(Bool) COMMENT 'the label of the source; null is unknown'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY user_id;

CREATE TABLE IF NOT EXISTS promo_codes
(
    promo_code          String,
    version             UInt64,
    is_deleted          UInt8 DEFAULT 0,
    committed_at        DateTime64(6, 'UTC'),
    discount_type       LowCardinality(Nullable(String)),
    discount_value      Nullable(Decimal(38, 6)),
    min_purchase_amount Nullable(Decimal(38, 6))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY promo_code;

CREATE TABLE IF NOT EXISTS promo_usages
(
    usage_id     Int64,
    version      UInt64,
    is_deleted   UInt8 DEFAULT 0,
    committed_at DateTime64(6, 'UTC'),
    user_id      String,
    promo_code   String,
    used_at      Nullable(DateTime64(6, 'UTC')),
    used_promo   Nullable(Bool) COMMENT 'false is an attempt: stored, not counted'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY usage_id;
