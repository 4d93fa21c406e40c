-- Who changed what, `first` to `first + count`.
INSERT INTO audit_log (audit_id, at, actor, key_id, action, subject, detail, request_id)
WITH cityHash64('audit', {seed:UInt32}, number) AS h
SELECT
    reinterpretAsUUID(sipHash128('audit', {seed:UInt32}, number)),
    {until:DateTime64(6, 'UTC')} - toIntervalSecond(h % 63072000),
    concat('desk-', toString(h % 4)),
    concat('key-', toString(h % 4)),
    ['label', 'ignore_link', 'erase'][h % 3 + 1],
    toString(reinterpretAsUUID(sipHash128('user', {seed:UInt32}, number * 1000))),
    '{}',
    lower(hex(sipHash128('request', {seed:UInt32}, number)))
FROM numbers({first:UInt64}, {count:UInt64})
