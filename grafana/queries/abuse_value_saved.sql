-- What would the attempts have given away that were refused to flagged accounts?
SELECT ifNull(toFloat64(sum(worth.value)), 0) AS money
FROM
(
    SELECT user_id, canonical_code, committed_at
    FROM promo_usages FINAL
    WHERE used_promo IS FALSE
        AND user_hash IN (SELECT user_hash FROM standing_accounts)
        AND $__timeFilter_ms(committed_at)
) AS used
INNER JOIN
(
    SELECT user_id, min(scored_at) AS raised_at FROM abuse_alerts GROUP BY user_id
) AS alert ON alert.user_id = used.user_id
INNER JOIN code_worth AS worth ON worth.canonical_code = used.canonical_code
WHERE used.committed_at > alert.raised_at
