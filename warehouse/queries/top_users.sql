-- Who redeems most within a period, and what did that give away? Ties sort by id.
-- Hashes find the candidates among millions of users, the ids themselves are then counted; one more
-- than is asked for, should two of them share a hash. Null where no redeemed code has terms that
-- tell (see the view code_worth).
WITH
    busiest AS
    (
        SELECT user_hash, count() AS redemptions
        FROM promo_usages FINAL
        WHERE used_promo IS NOT FALSE
            AND used_at >= fromUnixTimestamp64Micro({since_us:Int64})
            AND used_at < fromUnixTimestamp64Micro({until_us:Int64})
        GROUP BY user_hash
        ORDER BY redemptions DESC
        LIMIT {limit:UInt32} + 1 WITH TIES
    ),
    taken AS
    (
        SELECT user_id, canonical_code, count() AS times
        FROM promo_usages FINAL
        WHERE used_promo IS NOT FALSE
            AND used_at >= fromUnixTimestamp64Micro({since_us:Int64})
            AND used_at < fromUnixTimestamp64Micro({until_us:Int64})
            AND user_hash IN (SELECT user_hash FROM busiest)
        GROUP BY user_id, canonical_code
    )
SELECT
    user_id,
    sum(times) AS redemptions,
    count() AS codes,
    toFloat64(sum(times * worth.value)) AS value,
    toBool(max(worth.is_lower_bound)) AS value_is_lower_bound
FROM taken
LEFT JOIN code_worth AS worth ON worth.canonical_code = taken.canonical_code
GROUP BY user_id
ORDER BY redemptions DESC, user_id
LIMIT {limit:UInt32}
