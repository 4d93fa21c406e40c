-- How right are standing alerts by what is known of accounts so far? An analyst's word wins over
-- the shop's label. Labels that came after the alert say more: the model cannot have learned them.
WITH
    known AS
    (
        SELECT
            user_id,
            coalesce(said.is_abuser, shop.is_abuser) AS is_abuser,
            if(said.is_abuser IS NULL, shop.committed_at, said.decided_at) AS known_at
        FROM
        (
            SELECT user_id, is_abuser, committed_at FROM users FINAL
        ) AS shop
        LEFT JOIN
        (
            SELECT user_id, is_abuser, decided_at FROM labels FINAL WHERE is_abuser IS NOT NULL
        ) AS said ON said.user_id = shop.user_id
        WHERE is_abuser IS NOT NULL
    ),
    alert AS
    (
        SELECT user_id, min(scored_at) AS raised_at, argMax(status, revision) != 'cleared' AS stands
        FROM abuse_alerts
        GROUP BY user_id
    )
SELECT
    basis,
    countIf(stands) AS alerts,
    countIf(stands AND is_abuser) AS right,
    if(alerts > 0, right / alerts, NULL) AS precision,
    countIf(is_abuser) AS known_abusers,
    if(known_abusers > 0, right / known_abusers, NULL) AS recall
FROM
(
    SELECT
        is_abuser,
        ifNull(alert.stands, 0) AS stands,
        arrayJoin(if(
            stands AND known.known_at > alert.raised_at,
            ['all labels', 'labels that came after the alert'],
            ['all labels']
        )) AS basis
    FROM known
    LEFT JOIN alert ON alert.user_id = known.user_id
)
GROUP BY basis
ORDER BY basis
