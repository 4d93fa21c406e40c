-- Which accounts share an identifier with this one, through what, and how are they judged?
WITH
    (SELECT device FROM users FINAL WHERE user_id = ${user:sqlstring}) AS own_device,
    (SELECT phone FROM users FINAL WHERE user_id = ${user:sqlstring}) AS own_phone,
    (SELECT canonical_email FROM users FINAL WHERE user_id = ${user:sqlstring}) AS own_mailbox,
    (SELECT ip FROM users FINAL WHERE user_id = ${user:sqlstring}) AS own_ip,
    (SELECT network FROM users FINAL WHERE user_id = ${user:sqlstring}) AS own_network,
    linked AS
    (
        SELECT
            user_id,
            created_at,
            arrayMap(k -> k.1, arrayFilter(k -> k.2, [
                ('device', ifNull(device = own_device, false)),
                ('phone', ifNull(phone = own_phone, false)),
                ('mailbox', ifNull(canonical_email = own_mailbox, false)),
                ('IP address', ifNull(ip = own_ip, false)),
                ('network', ifNull(network = own_network, false))
            ])) AS kinds
        FROM users FINAL
        WHERE user_id != ${user:sqlstring}
            AND (
                device = own_device
                OR phone = own_phone
                OR canonical_email = own_mailbox
                OR ip = own_ip
                OR network = own_network
            )
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
