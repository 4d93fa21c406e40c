-- Which accounts share an identifier with this one, through what, and how are they judged?
-- Candidates come from the indexes, whatever version of a row has them; the newest rows decide.
WITH
    (
        SELECT (device, phone, canonical_email, ip, network) FROM users FINAL WHERE user_id = ${user:sqlstring}
    ) AS own,
    (SELECT groupArray((kind, hash)) FROM uncounted_identifiers) AS nobodys,
    linked AS
    (
        SELECT
            user_id,
            created_at,
            arrayMap(k -> k.1, arrayFilter(k -> k.2, [
                (if(has(nobodys, ('device', ifNull(own.1, ''))), 'device (not counted)', 'device'), ifNull(device = own.1, false)),
                (if(has(nobodys, ('phone', ifNull(own.2, ''))), 'phone (not counted)', 'phone'), ifNull(phone = own.2, false)),
                (if(has(nobodys, ('email', ifNull(own.3, ''))), 'mailbox (not counted)', 'mailbox'), ifNull(canonical_email = own.3, false)),
                ('IP address', ifNull(ip = own.4, false)),
                ('network', ifNull(network = own.5, false))
            ])) AS kinds
        FROM users FINAL
        WHERE user_id != ${user:sqlstring}
            AND user_id IN (
                SELECT user_id
                FROM users
                WHERE device = own.1
                    OR phone = own.2
                    OR canonical_email = own.3
                    OR ip = own.4
                    OR network = own.5
            )
            AND notEmpty(kinds)
        ORDER BY length(kinds) DESC, created_at DESC, user_id
        LIMIT 100
    ),
    judged AS
    (
        SELECT user_id, argMax(level, revision) AS level, argMax(score, revision) AS score
        FROM risk_scores
        WHERE user_id IN (SELECT user_id FROM linked)
        GROUP BY user_id
    )
SELECT
    linked.user_id AS user_id,
    arrayStringConcat(linked.kinds, ', ') AS through,
    linked.created_at AS signed_up,
    judged.level AS level,
    judged.score AS score
FROM linked
LEFT JOIN judged ON judged.user_id = linked.user_id
ORDER BY length(linked.kinds) DESC, signed_up DESC, user_id
