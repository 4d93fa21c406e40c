-- Redemptions and attempts number `first` to `first + count`, evenly over two years up to `until`.
-- A few users and codes have most of them; one in twenty is a ring's, one in twenty an attempt,
-- one in two hundred of a user who is not known.
INSERT INTO promo_usages
    (usage_id, version, committed_at, user_id, promo_code, used_at, used_promo)
WITH
    {seed:UInt32} AS seed,
    number AS k,
    cityHash64('usage', seed, k) AS h,
    cityHash64('usage user', seed, k) % 1000000007 AS by_user,
    cityHash64('usage code', seed, k) % 1000003 / 1000003 AS by_code,
    {users:UInt64} AS users,
    toUInt64(users * pow(by_user / 1000000007, 2)) * 1000003 % users AS anyone,
    intDiv(by_user % users, 1000) * 1000 + intDiv(h, 1000) % 10 AS in_a_ring,
    multiIf(h % 200 = 0, users + by_user, h % 20 = 1, in_a_ring, anyone) AS n,
    {until:DateTime64(6, 'UTC')}
        - toIntervalMicrosecond(toUInt64(63072000000000 * (1 - k / {usages:UInt64}))) AS used
SELECT
    k + 1,
    2000000 + k * 300,
    used + toIntervalSecond(1),
    toString(reinterpretAsUUID(sipHash128('user', seed, n))),
    concat('CODE', leftPad(toString(toUInt64({codes:UInt64} * pow(by_code, 3))), 5, '0')),
    used,
    multiIf(intDiv(h, 200) % 20 = 0, false, intDiv(h, 200) % 101 = 1, NULL, true)
FROM numbers({first:UInt64}, {count:UInt64})
