-- Which accounts exist, as profiles, and which are known to be abusers?
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
    is_abuser,
    version
FROM users FINAL
WHERE created_at IS NOT NULL
ORDER BY created_at, user_id
