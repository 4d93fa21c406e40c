-- What happened to the account, the newest first?
SELECT at, what, detail, score, level
FROM
(
    SELECT
        assumeNotNull(created_at) AS at,
        'registration' AS what,
        concat('from ', ifNull(timezone, 'nowhere known')) AS detail,
        CAST(NULL, 'Nullable(Float64)') AS score,
        '' AS level
    FROM users FINAL
    WHERE user_id = ${user:sqlstring} AND created_at IS NOT NULL
    UNION ALL
    SELECT
        assumeNotNull(used_at),
        if(used_promo IS FALSE, 'refused attempt', 'redemption'),
        concat('code ', promo_code),
        NULL,
        ''
    FROM promo_usages FINAL
    WHERE user_id = ${user:sqlstring} AND used_at IS NOT NULL
    UNION ALL
    SELECT scored_at, concat('alert ', toString(status)), arrayStringConcat(
            arrayMap(r -> JSONExtractString(r, 'description'), JSONExtractArrayRaw(reasons)), '; '
        ), score, toString(level)
    FROM abuse_alerts FINAL
    WHERE user_id = ${user:sqlstring}
    UNION ALL
    SELECT decided_at, 'label', concat(
            multiIf(is_abuser, 'abuser', is_abuser IS FALSE, 'honest', 'taken back'),
            ', says ', decided_by
        ), NULL, ''
    FROM labels FINAL
    WHERE user_id = ${user:sqlstring}
)
ORDER BY at DESC, what
LIMIT 200
