-- How do redemptions go over time, by accounts whose alert stands now and by others? In
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
    toDateTime64(dateTrunc(bucket, used_at), 3, 'UTC') AS time,
    count() - flagged AS others,
    countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) AS flagged
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
        OR user_hash IN (SELECT user_hash FROM users FINAL WHERE timezone IN (${timezone:sqlstring}))
    )
GROUP BY time
ORDER BY time
