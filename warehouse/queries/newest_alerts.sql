-- Which alerts are as asked now, the newest revisions first, after a place in that order?
-- The page is found by narrow columns, so the wide ones are read for it alone. An alert's newest
-- revision decides, so what was revised since a page was read stands above it, not in the next.
-- A revision that was delivered twice is one: the newest of equal ones, and one row a user.
WITH page AS
(
    SELECT user_id, max(revision) AS newest, toString(any(alert_id)) AS id
    FROM abuse_alerts
    WHERE revision >= {since_us:UInt64}
    GROUP BY user_id
    HAVING has({levels:Array(String)}, argMax(level, revision))
        AND has({statuses:Array(String)}, argMax(status, revision))
        AND (newest < {revision:UInt64} OR (newest = {revision:UInt64} AND id > {after:String}))
    ORDER BY newest DESC, id
    LIMIT {limit:UInt32}
)
SELECT
    alert_id,
    user_id,
    revision,
    status,
    score,
    level,
    action,
    reasons,
    evidence,
    toFloat64(value_at_risk) AS value_at_risk,
    value_is_lower_bound,
    model_version,
    trigger,
    event_time,
    scored_at
FROM abuse_alerts
WHERE (user_id, revision) IN (SELECT user_id, newest FROM page)
ORDER BY revision DESC, toString(alert_id)
LIMIT 1 BY user_id
