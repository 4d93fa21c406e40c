-- Which messages were set aside, and why? Those of the newest reasons first, at most a hundred.
SELECT
    max(failed_at) AS last_at,
    stage,
    topic,
    error AS reason,
    count() AS letters
FROM dead_letters FINAL
WHERE $__timeFilter_ms(failed_at)
GROUP BY stage, topic, reason
ORDER BY last_at DESC, letters DESC
LIMIT 100
