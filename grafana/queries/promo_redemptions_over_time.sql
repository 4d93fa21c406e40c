-- How do redemptions go over time, by accounts whose alert stands now and by others?
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
    toDateTime64(dateTrunc(bucket, used_at), 3, 'UTC') AS time,
    countIf(user_id NOT IN (SELECT user_id FROM standing_accounts)) AS others,
    countIf(user_id IN (SELECT user_id FROM standing_accounts)) AS flagged
FROM promo_usages FINAL
WHERE
    used_promo IS NOT FALSE
    AND $__timeFilter_ms(used_at)
    AND ('__all' IN (${code:sqlstring}) OR promo_code IN (${code:sqlstring}))
    AND (
        '__all' IN (${discount:sqlstring})
        OR promo_code IN (
            SELECT promo_code FROM promo_codes FINAL WHERE discount_type IN (${discount:sqlstring})
        )
    )
    AND (
        '__all' IN (${timezone:sqlstring})
        OR user_id IN (SELECT user_id FROM users FINAL WHERE timezone IN (${timezone:sqlstring}))
    )
GROUP BY time
ORDER BY time
