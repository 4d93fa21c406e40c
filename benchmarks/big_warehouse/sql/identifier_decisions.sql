-- Values that hundreds share: three in four were measured to identify nobody, an analyst said it of
-- the others.
INSERT INTO identifier_decisions
(
    kind, hash, authority, version, identifies, decided_by, why, shared_by, decided_at
)
WITH
    cityHash64('shared', {seed:UInt32}, number) AS h,
    {until:DateTime64(6, 'UTC')} - toIntervalSecond(h % 63072000) AS at,
    number % 4 = 0 AS is_said
SELECT
    ['device', 'phone', 'email'][1 + number % 3],
    lower(hex(sipHash128('shared', {seed:UInt32}, number))),
    if(is_said, 'analyst', 'measurement'),
    toUnixTimestamp64Micro(at),
    false,
    if(is_said, concat('analyst-', toString(h % 6)), 'measurement'),
    concat(toString(100 + h % 900), ' accounts on 40 days'),
    100 + h % 900,
    at
FROM numbers({first:UInt64}, {count:UInt64})
