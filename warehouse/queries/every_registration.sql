-- Which accounts exist, as profiles, what does the shop say of them, and since when?
SELECT
    user_id,
    toUnixTimestamp64Micro(assumeNotNull(created_at)) AS created_at_us,
    email,
    canonical_email,
    phone,
    device,
    ip,
    network,
    is_email_verified,
    is_phone_verified,
    email_domain,
    email_is_alias,
    phone_shape,
    first_name_case,
    last_name_case,
    birth_year,
    ip_is_private,
    user_agent_family,
    timezone,
    hour,
    agent,
    placeholders,
    is_abuser,
    version,
    toUnixTimestamp64Micro(committed_at) AS committed_at_us
FROM users FINAL
WHERE created_at IS NOT NULL
ORDER BY created_at, user_id
