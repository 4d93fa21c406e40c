-- How do registrations go over time, of accounts whose alert stands now and of others? In
-- bars as long as chosen, unless there would be thousands.
WITH
    -- include: chosen_bars
SELECT
    toDateTime64(dateTrunc(bucket, toStartOfSecond(assumeNotNull(created_at))), 3, 'UTC') AS time,
    count() - flagged AS others,
    countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) AS flagged
FROM users FINAL
WHERE
    $__timeFilter_ms(created_at)
    AND ('__all' IN (${timezone:sqlstring}) OR timezone IN (${timezone:sqlstring}))
GROUP BY time
ORDER BY time
