-- Who changed what, `first` to `first + count`; one in twenty is a load of files.
INSERT INTO audit_log (audit_id, at, actor, key_id, action, subject, detail, request_id)
WITH
    cityHash64('audit', {seed:UInt32}, number) AS h,
    number % 20 = 0 AS is_load
SELECT
    reinterpretAsUUID(sipHash128('audit', {seed:UInt32}, number)),
    {until:DateTime64(6, 'UTC')} - toIntervalSecond(h % 63072000),
    concat('desk-', toString(h % 4)),
    concat('key-', toString(h % 4)),
    if(is_load, 'load', ['label', 'ignore_link', 'erase'][h % 3 + 1]),
    if(
        is_load,
        concat('folder-', toString(h % 5)),
        toString(reinterpretAsUUID(sipHash128('user', {seed:UInt32}, number * 1000)))
    ),
    if(
        is_load,
        concat(
            '{"codes_in_conflict":', toString(h % 4), ',"files":{"promo_usages.csv":{"accepted":',
            toString(h % 10000), ',"duplicates":3,"rejected":{"no user":2,"no date":1}}}}'
        ),
        '{}'
    ),
    lower(hex(sipHash128('request', {seed:UInt32}, number)))
FROM numbers({first:UInt64}, {count:UInt64})
