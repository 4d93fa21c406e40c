-- What are the shop's other accounts like that signed up while those with one identifier did? A
-- sample of them, always the same of the same accounts.
WITH
    sampled AS
    (
        SELECT
            user_id, created_at, canonical_email, phone, device, ip, network, is_email_verified,
            is_phone_verified, email_domain, agent, is_abuser
        FROM users FINAL
        WHERE created_at >= fromUnixTimestamp64Micro({first_us:Int64}, 'UTC')
            AND created_at <= fromUnixTimestamp64Micro({last_us:Int64}, 'UTC')
            AND NOT ifNull({hash:String} = multiIf(
                {kind:String} = 'device', device, {kind:String} = 'phone', phone, canonical_email
            ), FALSE)
        ORDER BY cityHash64(user_id), user_id
        LIMIT {limit:UInt32}
    ),
    redeemed AS
    (
        SELECT
            user_id,
            groupArray((canonical_code, toUnixTimestamp64Micro(assumeNotNull(used_at)))) AS redemptions
        FROM promo_usages FINAL
        WHERE used_promo IS NOT FALSE
            AND used_at IS NOT NULL
            AND user_hash IN (SELECT cityHash64(user_id) FROM sampled)
        GROUP BY user_id
    )
SELECT
    sampled.user_id AS user_id,
    toUnixTimestamp64Micro(assumeNotNull(sampled.created_at)) AS created_at_us,
    sampled.canonical_email AS canonical_email,
    sampled.phone AS phone,
    sampled.device AS device,
    sampled.ip AS ip,
    sampled.network AS network,
    sampled.is_email_verified AS is_email_verified,
    sampled.is_phone_verified AS is_phone_verified,
    sampled.email_domain AS email_domain,
    sampled.agent AS agent,
    ifNull(word.is_abuser, sampled.is_abuser) AS label,
    redeemed.redemptions AS redemptions
FROM sampled
LEFT JOIN redeemed ON redeemed.user_id = sampled.user_id
LEFT JOIN (SELECT user_id, is_abuser FROM labels FINAL) AS word ON word.user_id = sampled.user_id
ORDER BY user_id
