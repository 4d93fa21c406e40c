-- How long a stretch of time is of which one point is drawn: some hundreds in the period.
dateDiff('second', $__fromTime_ms, $__toTime_ms) AS range_s,
multiIf(
    range_s <= 3600, 15,
    range_s <= 21600, 60,
    range_s <= 86400, 300,
    range_s <= 604800, 1800,
    7200
) AS step_s
