-- What is known of the account? Identifiers are keyed hashes; equal ones are equal people's.
SELECT known.1 AS fact, known.2 AS value
FROM
(
    SELECT arrayJoin([
        ('signed up', formatDateTime(created_at, '%Y-%m-%d %H:%i:%S')),
        ('time zone', timezone),
        ('born', toString(birth_year)),
        ('browser', user_agent_family),
        ('e-mail domain', email_domain),
        ('e-mail', if(is_email_verified, 'verified', 'not verified')),
        ('e-mail is an alias', if(email_is_alias, 'yes', 'no')),
        ('phone', if(is_phone_verified, 'verified', 'not verified')),
        ('phone is written', phone_shape),
        ('first, last name written', concat(first_name_case, ', ', last_name_case)),
        ('IP address is private', if(ip_is_private, 'yes', 'no')),
        ('device', left(device, 12)),
        ('IP address', left(ip, 12)),
        ('network', left(network, 12)),
        ('the shop says', multiIf(is_abuser, 'abuser', is_abuser IS FALSE, 'honest', NULL))
    ]) AS known
    FROM users FINAL
    WHERE user_id = ${user:sqlstring}
)
