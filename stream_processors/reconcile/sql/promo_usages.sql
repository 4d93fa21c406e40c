-- Rows as Debezium writes them: all of them, or those with the given keys. "seen" differs after
-- every change of a row.
SELECT
    xmin::text || ctid::text AS seen,
    usage_id,
    user_id,
    promo_code,
    CASE
        WHEN isfinite(used_at) AND used_at >= '0001-01-01 00:00:00+00'
            THEN to_char(used_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        ELSE used_at::text
    END AS used_at,
    used_promo
FROM promo_usages
WHERE $1::text[] IS NULL OR usage_id = ANY($1::text[]::bigint[])
