-- Accounts as they stand: all of them, or those with the given keys.
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
    version
FROM users FINAL
WHERE empty({keys:Array(String)}) OR user_id IN {keys:Array(String)}
