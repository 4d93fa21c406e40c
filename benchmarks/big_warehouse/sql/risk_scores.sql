-- Scorings number `first` to `first + count`: two in three of a sign-up, one in three of an older
-- account that is scored again. `scorings` is all of them: three for every two users.
INSERT INTO risk_scores
    (user_id, event_id, revision, score, level, action, reasons, reason_codes, model_version,
     features, trigger, event_time, scored_at, challenger_version, challenger_score,
     challenger_level)
WITH
    {seed:UInt32} AS seed,
    number AS s,
    cityHash64('scoring', seed, s) AS h,
    intDiv(s, 3) * 2 AS signed_up,
    s % 3 = 2 AS again,
    if(again, h % (signed_up + 2), signed_up + s % 3) AS n,
    intDiv(n, 1000) AS ring,
    n % 1000 < 2 + cityHash64('ring', seed, ring) % 17 AS in_ring,
    h % 1000000 / 1000000 AS chance,
    if(in_ring, 0.7 + 0.3 * chance, 0.75 * pow(chance, 8)) AS risk,
    multiIf(risk < 0.3, 'low', risk < 0.6, 'medium', risk < 0.9, 'high', 'critical') AS called,
    {until:DateTime64(6, 'UTC')}
        - toIntervalMicrosecond(toUInt64(63072000000000 * (1 - s / {scorings:UInt64}))) AS at,
    ['device_closeness', 'phone_closeness', 'email_closeness', 'same_code_device',
     'same_code_phone', 'same_code_email', 'same_code_ip', 'same_code_network',
     'same_browser_network', 'same_browser_code_network', 'phone_shape_share',
     'email_domain_share', 'first_name_case_share', 'last_name_case_share',
     'user_agent_family_share', 'age_years', 'signup_hour', 'email_is_alias', 'ip_is_private',
     'email_verified', 'phone_verified', 'redemptions', 'seconds_to_first_redemption',
     'most_codes_an_hour'] AS names
SELECT
    toString(reinterpretAsUUID(sipHash128('user', seed, n))),
    reinterpretAsUUID(sipHash128('scoring', seed, s)),
    toUnixTimestamp64Micro(at),
    round(risk, 6),
    called,
    multiIf(called = 'critical', 'deny', called = 'high', 'challenge', 'allow'),
    if(
        in_ring,
        concat(
            '[{"code":"rule.shared_device","description":"1 other account on the same device",',
            '"contribution":0.349999,"evidence":[{"user_id":"',
            toString(reinterpretAsUUID(sipHash128('user', seed, ring * 1000 + h % 2))),
            '","through":"device","since":"2026-01-01T00:00:00.000000Z"}]}]'
        ),
        '[]'
    ),
    if(in_ring, ['rule.shared_device'], []),
    concat('2026', leftPad(toString(toUInt8(1 + 12 * s / {scorings:UInt64})), 2, '0'), '01T000000'),
    concat(
        '{',
        arrayStringConcat(
            arrayMap(
                (name, at) -> concat('"', name, '":', toString(round(bitShiftRight(h, at) % 1000 / 100, 2))),
                names,
                arrayEnumerate(names)
            ),
            ','
        ),
        '}'
    ),
    multiIf(NOT again, 'registration', h % 3 = 0, 'rescore', 'redemption'),
    at,
    at + toIntervalMillisecond(40),
    if(s * 10 > {scorings:UInt64} * 9, 'challenger', NULL),
    if(s * 10 > {scorings:UInt64} * 9, risk * 0.9, NULL),
    if(s * 10 > {scorings:UInt64} * 9, called, NULL)
FROM numbers({first:UInt64}, {count:UInt64})
