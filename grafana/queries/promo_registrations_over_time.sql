-- How do registrations go over time, of accounts whose alert stands now and of others?
WITH
    multiIf(
        ${per:sqlstring} != 'auto', ${per:sqlstring},
        dateDiff('day', $__fromTime_ms, $__toTime_ms) > 1000, 'month',
        dateDiff('day', $__fromTime_ms, $__toTime_ms) > 180, 'week',
        dateDiff('day', $__fromTime_ms, $__toTime_ms) > 4, 'day',
        dateDiff('minute', $__fromTime_ms, $__toTime_ms) > 180, 'hour',
        'minute'
    ) AS bucket
SELECT
    toDateTime64(dateTrunc(bucket, assumeNotNull(created_at)), 3, 'UTC') AS time,
    countIf(user_id NOT IN (SELECT user_id FROM standing_accounts)) AS others,
    countIf(user_id IN (SELECT user_id FROM standing_accounts)) AS flagged
FROM users FINAL
WHERE
    $__timeFilter_ms(created_at)
    AND ('__all' IN (${timezone:sqlstring}) OR timezone IN (${timezone:sqlstring}))
GROUP BY time
ORDER BY time
