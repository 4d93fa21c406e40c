-- How many registrations within a period, hour by hour (or day, week, month), and how many of
-- accounts whose alert stands now? Buckets without any are left out.
SELECT
    toUnixTimestamp64Second(toDateTime64(dateTrunc({bucket:String}, created_at), 0, 'UTC')) AS at_s,
    count() AS registrations,
    countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) AS flagged
FROM users FINAL
WHERE created_at >= {since:DateTime64(6, 'UTC')}
    AND created_at < {until:DateTime64(6, 'UTC')}
GROUP BY at_s
ORDER BY at_s
LIMIT {limit:UInt32}
