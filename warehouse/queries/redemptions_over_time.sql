-- How many redemptions and attempts within a period, hour by hour (or day, week, month), and how
-- many redemptions by accounts whose alert stands now? Buckets without any are left out.
SELECT
    toUnixTimestamp64Second(toDateTime64(dateTrunc({bucket:String}, used_at), 0, 'UTC')) AS at_s,
    countIf(used_promo IS NOT FALSE) AS redemptions,
    countIf(used_promo IS FALSE) AS attempts,
    countIf(used_promo IS NOT FALSE AND user_hash IN (SELECT user_hash FROM standing_accounts)) AS flagged
FROM promo_usages FINAL
WHERE used_at >= {since:DateTime64(6, 'UTC')}
    AND used_at < {until:DateTime64(6, 'UTC')}
GROUP BY at_s
ORDER BY at_s
LIMIT {limit:UInt32}
