-- How many accounts were registered or changed in the last quarter of an hour, more than two minutes
-- ago, and have no score? What is looked at holds each account's newest version: no FINAL is needed.
WITH waiting AS
(
    SELECT user_id
    FROM users
    WHERE committed_at > now() - INTERVAL 15 MINUTE
    GROUP BY user_id
    HAVING
        argMax(is_deleted, version) = 0
        AND max(committed_at) <= now() - INTERVAL 2 MINUTE
)
SELECT count() AS unscored
FROM waiting
WHERE
    user_id NOT IN (
        SELECT user_id FROM risk_scores WHERE user_id IN (SELECT user_id FROM waiting)
    )
