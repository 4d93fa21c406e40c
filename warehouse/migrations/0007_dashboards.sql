-- What the dashboards look up by other columns than the tables' keys. FINAL stays exact: where an
-- index leaves granules out, the engine reads those with other versions of the same keys again.

-- Millions of accounts are told apart by a narrow column several times as fast as by their ids. Two
-- accounts of two million share a hash once in ten million shops; where accounts are shown, ids decide.
ALTER TABLE promo_usages
    ADD COLUMN IF NOT EXISTS user_hash UInt64 MATERIALIZED cityHash64(user_id);

ALTER TABLE users
    ADD COLUMN IF NOT EXISTS user_hash UInt64 MATERIALIZED cityHash64(user_id);

-- Numbers are given as redemptions come in, so a period is a few granules in a row.
ALTER TABLE promo_usages
    ADD INDEX IF NOT EXISTS by_time used_at TYPE minmax GRANULARITY 1,
    ADD INDEX IF NOT EXISTS by_commit committed_at TYPE minmax GRANULARITY 1,
    ADD INDEX IF NOT EXISTS by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE users
    ADD INDEX IF NOT EXISTS by_device device TYPE bloom_filter(0.01) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS by_ip ip TYPE bloom_filter(0.01) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS by_network network TYPE bloom_filter(0.01) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS by_phone phone TYPE bloom_filter(0.01) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS by_email email TYPE bloom_filter(0.01) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS by_mailbox canonical_email TYPE bloom_filter(0.01) GRANULARITY 1;

-- For the rows that are there already, while work goes on; new ones bring all of it along.
ALTER TABLE promo_usages
    MATERIALIZE COLUMN user_hash,
    MATERIALIZE INDEX IF EXISTS by_time,
    MATERIALIZE INDEX IF EXISTS by_commit,
    MATERIALIZE INDEX IF EXISTS by_user
SETTINGS mutations_sync = 0;

ALTER TABLE users
    MATERIALIZE COLUMN user_hash,
    MATERIALIZE INDEX IF EXISTS by_device,
    MATERIALIZE INDEX IF EXISTS by_ip,
    MATERIALIZE INDEX IF EXISTS by_network,
    MATERIALIZE INDEX IF EXISTS by_phone,
    MATERIALIZE INDEX IF EXISTS by_email,
    MATERIALIZE INDEX IF EXISTS by_mailbox
SETTINGS mutations_sync = 0;

-- What a redemption of a code gives away, as in ml/policy.py: a fixed discount its value, a
-- percentage at least its share of the minimum purchase; null where the terms do not tell.
CREATE OR REPLACE VIEW code_worth AS
SELECT
    promo_code,
    discount_type,
    multiIf(
        discount_type = 'fixed_amount', toDecimal256(discount_value, 12),
        discount_type = 'percentage',
        toDecimal256(min_purchase_amount, 6) * toDecimal256(discount_value, 6) / 100,
        NULL
    ) AS value,
    ifNull(discount_type = 'percentage' AND isNotNull(value), false) AS is_lower_bound
FROM promo_codes FINAL;

-- Accounts whose alert stands now: its newest revision is not its end.
CREATE OR REPLACE VIEW standing_accounts AS
SELECT user_id, cityHash64(user_id) AS user_hash
FROM abuse_alerts
GROUP BY user_id
HAVING argMax(status, revision) != 'cleared';
