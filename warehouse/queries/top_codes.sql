-- Which codes are redeemed most within a period, how much of it by accounts whose alert stands
-- now, and what did it give away (see the view code_worth)? All writings of a code are one: shown is
-- the one that is defined, else the commonest, of equals the smallest. Ties sort by canonical code.
-- Users are told apart for the codes that are shown alone.
WITH
    most AS
    (
        SELECT canonical_code
        FROM promo_usages FINAL
        WHERE used_promo IS NOT FALSE
            AND used_at >= fromUnixTimestamp64Micro({since_us:Int64})
            AND used_at < fromUnixTimestamp64Micro({until_us:Int64})
        GROUP BY canonical_code
        ORDER BY count() DESC, canonical_code
        LIMIT {limit:UInt32}
    ),
    written AS
    (
        SELECT
            canonical_code,
            promo_code AS writing,
            count() AS times,
            uniqExactState(user_id) AS redeemers,
            countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) AS times_flagged
        FROM promo_usages FINAL
        WHERE used_promo IS NOT FALSE
            AND used_at >= fromUnixTimestamp64Micro({since_us:Int64})
            AND used_at < fromUnixTimestamp64Micro({until_us:Int64})
            AND canonical_code IN (SELECT canonical_code FROM most)
        GROUP BY canonical_code, promo_code
    ),
    busiest AS
    (
        SELECT
            canonical_code,
            argMin(writing, (-toInt64(times), writing)) AS commonest,
            sum(times) AS redemptions,
            uniqExactMerge(redeemers) AS users,
            sum(times_flagged) AS flagged
        FROM written
        GROUP BY canonical_code
    )
SELECT
    if(worth.promo_code = '', commonest, worth.promo_code) AS promo_code,
    redemptions,
    users,
    flagged,
    round(redemptions * toFloat64(worth.value), 6) AS value,
    toBool(worth.is_lower_bound) AS value_is_lower_bound
FROM busiest
LEFT JOIN code_worth AS worth ON worth.canonical_code = busiest.canonical_code
ORDER BY redemptions DESC, busiest.canonical_code
