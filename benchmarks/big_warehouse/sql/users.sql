-- Sign-ups number `first` to `first + count`, evenly over two years up to `until`. In every
-- thousand, the first 2 to 18 are a ring: a device, an address or a phone number in common.
INSERT INTO users
    (user_id, version, committed_at, created_at, email, canonical_email, phone, device, ip,
     network, is_email_verified, is_phone_verified, email_domain, email_is_alias, phone_shape,
     first_name_case, last_name_case, birth_year, ip_is_private, user_agent_family, timezone,
     hour, is_abuser, agent)
WITH
    {seed:UInt32} AS seed,
    number AS n,
    intDiv(n, 1000) AS ring,
    n % 1000 AS place,
    place < 2 + cityHash64('ring', seed, ring) % 17 AS in_ring,
    cityHash64('user', seed, n) AS h,
    cityHash64('more', seed, n) AS g,
    {until:DateTime64(6, 'UTC')}
        - toIntervalSecond(toUInt32(63072000 * (1 - n / {users:UInt64}))) AS signed_up,
    intDiv({users:UInt64}, 3) AS addresses,
    multiIf(in_ring AND place % 2 = 0, 1000000000 + ring, h % addresses) AS address
SELECT
    toString(reinterpretAsUUID(sipHash128('user', seed, n))),
    1000000 + n * 400,
    signed_up + toIntervalSecond(1),
    signed_up,
    lower(hex(sipHash128('email', seed, n))),
    lower(hex(sipHash128('mailbox', seed, n - if(g % 50 = 0 AND n > 0, 1, 0)))),
    multiIf(
        in_ring AND place % 5 = 0, lower(hex(sipHash128('ring phone', seed, ring))),
        g % 20 = 0, NULL,
        lower(hex(sipHash128('phone', seed, n)))
    ),
    multiIf(
        in_ring AND place % 3 != 2, lower(hex(sipHash128('ring device', seed, ring))),
        g % 25 = 1, NULL,
        g % 30 = 2, lower(hex(sipHash128('device', seed, n - n % 2))),
        lower(hex(sipHash128('device', seed, n)))
    ),
    lower(hex(sipHash128('ip', seed, address))),
    lower(hex(sipHash128('network', seed, intDiv(address, 20)))),
    h % 10 < 7,
    h % 10 < 4,
    ['gmail.com', 'gmail.com', 'gmail.com', 'yahoo.com', 'outlook.com', 'icloud.com',
     'example.com', 'example.net'][g % 8 + 1],
    g % 100 < 3,
    concat('1:', toString(200 + h % 700)),
    ['title', 'title', 'title', 'lower', 'upper'][h % 5 + 1],
    ['title', 'title', 'title', 'lower', 'upper'][g % 5 + 1],
    1940 + g % 66,
    h % 500 = 0,
    ['Chrome', 'Chrome', 'Chrome Mobile', 'Safari', 'Mobile Safari', 'Firefox', 'Edge'][h % 7 + 1],
    if(
        g % 40 = 0,
        NULL,
        ['America/New_York', 'America/Los_Angeles', 'America/Chicago', 'Asia/Shanghai',
         'Asia/Tokyo', 'Europe/Berlin', 'America/Phoenix', 'America/Denver', 'Europe/London',
         'Asia/Seoul', 'Europe/Paris', 'America/Sao_Paulo', 'Europe/Amsterdam', 'Asia/Kolkata',
         'Europe/Rome', 'Australia/Sydney', 'Europe/Madrid', 'America/Toronto', 'Africa/Lagos',
         'Asia/Jakarta'][toUInt8(20 * pow(intDiv(h, 7) % 10000 / 10000, 2)) + 1]
    ),
    toHour(signed_up),
    multiIf(in_ring AND g % 4 = 0, true, g % 10 = 0, false, NULL),
    lower(hex(sipHash128('agent', seed, h % 400)))
FROM numbers({first:UInt64}, {count:UInt64})
