-- What analysts said of the first account of the rings `first` to `first + count`.
INSERT INTO labels (user_id, version, is_abuser, decided_by, note, decided_at, about)
WITH
    cityHash64('label', {seed:UInt32}, number) AS h,
    {until:DateTime64(6, 'UTC')} - toIntervalSecond(h % 63072000) AS at
SELECT
    toString(reinterpretAsUUID(sipHash128('user', {seed:UInt32}, number * 1000))),
    toUnixTimestamp64Micro(at),
    multiIf(h % 20 = 0, NULL, h % 5 = 0, false, true),
    concat('analyst-', toString(h % 6)),
    if(h % 3 = 0, 'seen at the counter', ''),
    at,
    0
FROM numbers({first:UInt64}, {count:UInt64})
