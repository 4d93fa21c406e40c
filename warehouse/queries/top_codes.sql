-- Which codes are redeemed most within a period, how much of it by accounts whose alert stands
-- now, and what did it give away (see the view code_worth)? Ties sort by code. Users are told
-- apart for the codes that are shown alone.
WITH
    most AS
    (
        SELECT promo_code
        FROM promo_usages FINAL
        WHERE used_promo IS NOT FALSE
            AND used_at >= fromUnixTimestamp64Micro({since_us:Int64})
            AND used_at < fromUnixTimestamp64Micro({until_us:Int64})
        GROUP BY promo_code
        ORDER BY count() DESC, promo_code
        LIMIT {limit:UInt32}
    ),
    busiest AS
    (
        SELECT
            promo_code,
            count() AS redemptions,
            uniqExact(user_id) AS users,
            countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) AS flagged
        FROM promo_usages FINAL
        WHERE used_promo IS NOT FALSE
            AND used_at >= fromUnixTimestamp64Micro({since_us:Int64})
            AND used_at < fromUnixTimestamp64Micro({until_us:Int64})
            AND promo_code IN (SELECT promo_code FROM most)
        GROUP BY promo_code
    )
SELECT
    busiest.promo_code AS promo_code,
    redemptions,
    users,
    flagged,
    round(redemptions * toFloat64(worth.value), 6) AS value,
    toBool(worth.is_lower_bound) AS value_is_lower_bound
FROM busiest
LEFT JOIN code_worth AS worth ON worth.promo_code = busiest.promo_code
ORDER BY redemptions DESC, promo_code
