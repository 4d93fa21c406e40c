-- What a counter grew by between the sample before and this one, up to 70 s ago, as what stands still
-- is stored once a minute. Counters begin at 0 with their process: after a reset all of it is growth,
-- and so it is of a counter that is new since the monitor looks.
multiIf(
    sampled_at < $__fromTime_ms, 0,
    value < before, value,
    before_at > toDateTime64(0, 3, 'UTC'), value - before,
    sampled_at > looking_since, value,
    0
)
