-- How many redemptions and attempts within a period, hour by hour (or day, week, month, year), and how
-- many redemptions by accounts whose alert stands now? Buckets without any are left out.
-- Times are cut to seconds first: dateTrunc rounds fractions before 1970 up.
SELECT
    toUnixTimestamp64Second(toDateTime64(dateTrunc({bucket:String}, toStartOfSecond(used_at)), 0, 'UTC')) AS at_s,
    countIf(used_promo IS NOT FALSE) AS redemptions,
    countIf(used_promo IS FALSE) AS attempts,
    countIf(used_promo IS NOT FALSE AND user_hash IN (SELECT user_hash FROM standing_accounts)) AS flagged
FROM promo_usages FINAL
WHERE used_at >= fromUnixTimestamp64Micro({since_us:Int64})
    AND used_at < fromUnixTimestamp64Micro({until_us:Int64})
GROUP BY at_s
ORDER BY at_s
LIMIT {limit:UInt32}
