-- How many registrations within a period, hour by hour (or day, week, month, year), and how many of
-- accounts whose alert stands now? Buckets without any are left out.
-- Times are cut to seconds first: dateTrunc rounds fractions before 1970 up.
SELECT
    toUnixTimestamp64Second(toDateTime64(dateTrunc({bucket:String}, toStartOfSecond(created_at)), 0, 'UTC')) AS at_s,
    count() AS registrations,
    countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) AS flagged
FROM users FINAL
WHERE created_at >= fromUnixTimestamp64Micro({since_us:Int64})
    AND created_at < fromUnixTimestamp64Micro({until_us:Int64})
GROUP BY at_s
ORDER BY at_s
LIMIT {limit:UInt32}
