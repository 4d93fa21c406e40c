-- Messages that were set aside, `first` to `first + count`, most of them this year.
INSERT INTO dead_letters (topic, partition, offset, stage, error, failed_at)
WITH cityHash64('dead letter', {seed:UInt32}, number) AS h
SELECT
    ['promo.public.users', 'promo.public.promo_usages', 'promo.risk_scores'][h % 3 + 1],
    h % 4,
    number,
    ['decode', 'profile', 'crash', 'insert'][intDiv(h, 12) % 4 + 1],
    'envelope: op is missing',
    {until:DateTime64(6, 'UTC')} - toIntervalSecond(toUInt32(63072000 * pow(h % 1000003 / 1000003, 3)))
FROM numbers({first:UInt64}, {count:UInt64})
