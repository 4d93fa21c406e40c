-- Links that analysts declared false, for the second account of each of these rings.
INSERT INTO link_decisions (user_id, version, ignored, decided_at, about)
WITH
    cityHash64('link', {seed:UInt32}, number) AS h,
    {until:DateTime64(6, 'UTC')} - toIntervalSecond(h % 63072000) AS at
SELECT
    toString(reinterpretAsUUID(sipHash128('user', {seed:UInt32}, number * 1000 + 1))),
    toUnixTimestamp64Micro(at),
    concat(
        '[{"other_user_id":"',
        toString(reinterpretAsUUID(sipHash128('user', {seed:UInt32}, number * 1000))),
        '","through":"device","decided_by":"analyst-', toString(h % 6),
        '","note":"","decided_at":"', formatDateTime(at, '%Y-%m-%dT%H:%i:%S.%fZ'), '"}]'
    ),
    at,
    0
FROM numbers({first:UInt64}, {count:UInt64})
