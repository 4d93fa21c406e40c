-- How many rows of an erased account, or rows that name it, do the tables' files still have?
-- And has its erasure arrived?
SELECT
    (
        SELECT count() FROM users
        WHERE user_id = {user:String} AND version >= {version:UInt64}
    ) AS arrived,
    (
        SELECT count() FROM users
        WHERE user_id = {user:String} AND version < {version:UInt64}
    ) + (
        SELECT count() FROM promo_usages
        WHERE user_id = {user:String} AND version < {version:UInt64} AND is_deleted = 0
    ) + (
        SELECT count() FROM risk_scores
        WHERE user_id = {user:String} AND revision < {moment_us:UInt64}
    ) + (
        SELECT count() FROM abuse_alerts
        WHERE user_id = {user:String} AND revision < {moment_us:UInt64}
    ) + (
        SELECT count() FROM labels
        WHERE user_id = {user:String} AND about < {version:UInt64}
    ) + (
        SELECT count() FROM link_decisions
        WHERE user_id = {user:String} AND about < {version:UInt64}
    ) AS own_rows,
    (
        SELECT count() FROM risk_scores
        WHERE revision < {moment_us:UInt64} AND position(reasons, {named:String}) > 0
    ) + (
        SELECT count() FROM abuse_alerts
        WHERE revision < {moment_us:UInt64} AND position(reasons, {named:String}) > 0
    ) + (
        SELECT count() FROM link_decisions
        WHERE version < {moment_us:UInt64} AND position(ignored, {ignored:String}) > 0
    ) AS naming_rows
SETTINGS apply_mutations_on_fly = 0
