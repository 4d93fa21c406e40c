-- Which flagged accounts belong together? Those that share an identifier; what the same accounts
-- share is one ring.
WITH flagged AS
(
    SELECT user_id, argMax(value_at_risk, revision) AS value
    FROM abuse_alerts
    GROUP BY user_id
    HAVING argMax(status, revision) != 'cleared'
)
SELECT
    any(accounts) AS accounts,
    arrayStringConcat(arraySort(groupArray(kind)), ', ') AS through,
    any(since) AS since,
    any(newest) AS newest,
    toFloat64(any(value)) AS value,
    members[1] AS first_account
FROM
(
    SELECT
        identifier.1 AS kind,
        count() AS accounts,
        min(created_at) AS since,
        max(created_at) AS newest,
        sum(value) AS value,
        arrayMap(m -> m.2, arraySort(groupArray((created_at, user_id)))) AS members
    FROM
    (
        SELECT
            user_id,
            created_at,
            arrayJoin([
                ('device', device),
                ('phone', phone),
                ('mailbox', canonical_email),
                ('IP address', ip),
                ('network', network)
            ]) AS identifier
        FROM users FINAL
        WHERE user_id IN (SELECT user_id FROM flagged)
    ) AS sharing
    INNER JOIN flagged ON flagged.user_id = sharing.user_id
    WHERE identifier.2 IS NOT NULL
    GROUP BY identifier
    HAVING accounts > 1
)
GROUP BY members
ORDER BY accounts DESC, since, first_account
LIMIT 50
