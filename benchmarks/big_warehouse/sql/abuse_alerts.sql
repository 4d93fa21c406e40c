-- Alerts of the members of the rings `first` to `first + count`: one to three revisions each, one
-- in ten cleared by its last. The evidence names up to ten others of the ring.
INSERT INTO abuse_alerts
    (user_id, alert_id, revision, status, score, level, action, reasons, reason_codes, evidence,
     value_at_risk, value_is_lower_bound, model_version, trigger, event_time, scored_at)
WITH
    {seed:UInt32} AS seed,
    number AS ring,
    cityHash64('ring', seed, ring) AS r,
    ring * 1000 + place AS n,
    cityHash64('alert', seed, n) AS h,
    1 + h % 3 AS revisions,
    0.7 + 0.3 * (cityHash64(h, turn) % 1000 / 1000) AS risk,
    multiIf(place % 3 != 2, 'device', place % 2 = 0, 'ip', 'network') AS through,
    least(
        {until:DateTime64(6, 'UTC')}
            - toIntervalSecond(toUInt32(63072000 * (1 - n / {users:UInt64})))
            + toIntervalHour(turn * 5),
        {until:DateTime64(6, 'UTC')} - toIntervalSecond(60 - turn)
    ) AS at,
    concat(
        '[',
        arrayStringConcat(
            arrayMap(
                other -> concat(
                    '{"user_id":"',
                    toString(reinterpretAsUUID(sipHash128('user', seed, ring * 1000 + other))),
                    '","through":"', through, '","since":"',
                    formatDateTime(at, '%Y-%m-%dT%H:%i:%S.%fZ'), '"}'
                ),
                arrayFilter(other -> other != place, range(least(11, 2 + r % 17)))
            ),
            ','
        ),
        ']'
    ) AS others
SELECT
    toString(reinterpretAsUUID(sipHash128('user', seed, n))),
    reinterpretAsUUID(sipHash128('alert', seed, n)),
    toUnixTimestamp64Micro(at),
    multiIf(turn + 1 = revisions AND h % 10 = 0, 'cleared', turn = 0, 'open', 'escalated'),
    round(risk, 6),
    if(risk < 0.9, 'high', 'critical'),
    if(risk < 0.9, 'challenge', 'deny'),
    concat(
        '[{"code":"rule.shared_', through, '","description":"other accounts on the same ', through,
        '","contribution":0.349999,"evidence":', others, '}]'
    ),
    [concat('rule.shared_', through), 'model.phone_shape_share'],
    others,
    if(h % 7 = 0, NULL, toDecimal128(5 + h % 200, 6)),
    h % 2 = 0,
    '20261201T000000',
    if(turn = 0, 'registration', 'rescore'),
    at,
    at + toIntervalMillisecond(40)
FROM
(
    SELECT
        number,
        arrayJoin(range(2 + cityHash64('ring', {seed:UInt32}, number) % 17)) AS place,
        arrayJoin(
            range(1 + cityHash64('alert', {seed:UInt32}, number * 1000 + place) % 3)
        ) AS turn
    FROM numbers({first:UInt64}, {count:UInt64})
)
