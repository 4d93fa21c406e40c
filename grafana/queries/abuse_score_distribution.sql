-- How are the accounts that were judged in the period spread over the scores, by the newest of each?
SELECT
    toString(toDecimal32(bin.number / 20, 2)) AS score_from,
    judged.accounts AS accounts
FROM numbers(20) AS bin
LEFT JOIN
(
    SELECT toUInt64(least(floor(newest * 20), 19)) AS number, count() AS accounts
    FROM
    (
        SELECT argMax(score, revision) AS newest
        FROM risk_scores
        WHERE $__timeFilter_ms(scored_at)
        GROUP BY user_id
    )
    GROUP BY number
) AS judged ON judged.number = bin.number
ORDER BY bin.number
