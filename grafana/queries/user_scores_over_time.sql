-- How did the account's score go, scoring by scoring?
SELECT toDateTime64(scored_at, 3, 'UTC') AS time, score
FROM risk_scores FINAL
WHERE user_id = ${user:sqlstring} AND $__timeFilter_ms(scored_at)
ORDER BY time
