-- Rows as Debezium writes them: all of them, or those with the given keys. "seen" differs after
-- every change of a row.
SELECT
    xmin::text || ctid::text AS seen,
    user_id,
    CASE
        WHEN isfinite(created_at) AND created_at >= '0001-01-01 00:00:00+00'
            THEN to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        ELSE created_at::text
    END AS created_at,
    email,
    is_email_verified,
    phone,
    is_phone_verified,
    first_name,
    last_name,
    ip_address,
    device_id,
    user_agent,
    city,
    gender,
    CASE WHEN isfinite(dob) THEN dob - DATE '1970-01-01' WHEN dob IS NOT NULL THEN 2147483647 END
        AS dob,
    timezone,
    is_abuser
FROM users
WHERE $1::text[] IS NULL OR user_id = ANY($1::text[])
