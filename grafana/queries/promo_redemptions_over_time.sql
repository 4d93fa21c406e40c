-- How do redemptions go over time, by accounts whose alert stands now and by others? In
-- bars as long as chosen, unless there would be thousands.
WITH
    -- include: chosen_bars
SELECT
    toDateTime64(dateTrunc(bucket, toStartOfSecond(used_at)), 3, 'UTC') AS time,
    count() - flagged AS others,
    countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) AS flagged
FROM promo_usages FINAL
WHERE
    -- include: chosen_redemptions
GROUP BY time
ORDER BY time
