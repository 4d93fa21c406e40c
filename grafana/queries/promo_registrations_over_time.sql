-- How do registrations go over time, of accounts whose alert stands now and of others? In
-- bars as long as chosen, unless there would be thousands.
WITH
    multiIf(
        ${per:sqlstring} = 'minute', 60,
        ${per:sqlstring} = 'hour', 3600,
        ${per:sqlstring} = 'day', 86400,
        ${per:sqlstring} = 'week', 7 * 86400,
        ${per:sqlstring} = 'month', 30 * 86400,
        0
    ) AS chosen_s,
    dateDiff('second', $__fromTime_ms, $__toTime_ms) AS range_s,
    multiIf(
        chosen_s > 0 AND range_s / chosen_s <= 5000, ${per:sqlstring},
        range_s > 1000 * 86400, 'month',
        range_s > 180 * 86400, 'week',
        range_s > 4 * 86400, 'day',
        range_s > 3 * 3600, 'hour',
        'minute'
    ) AS bucket
SELECT
    toDateTime64(dateTrunc(bucket, assumeNotNull(created_at)), 3, 'UTC') AS time,
    count() - flagged AS others,
    countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) AS flagged
FROM users FINAL
WHERE
    $__timeFilter_ms(created_at)
    AND ('__all' IN (${timezone:sqlstring}) OR timezone IN (${timezone:sqlstring}))
GROUP BY time
ORDER BY time
