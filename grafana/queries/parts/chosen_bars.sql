-- How long a bar is: as chosen, unless there would be thousands; else by the length of the period.
multiIf(
    ${per:sqlstring} = 'minute', 60,
    ${per:sqlstring} = 'hour', 3600,
    ${per:sqlstring} = 'day', 86400,
    ${per:sqlstring} = 'week', 7 * 86400,
    ${per:sqlstring} = 'month', 30 * 86400,
    ${per:sqlstring} = 'year', 365 * 86400,
    0
) AS chosen_s,
dateDiff('second', $__fromTime_ms, $__toTime_ms) AS range_s,
multiIf(
    chosen_s > 0 AND range_s / chosen_s <= 5000, ${per:sqlstring},
    range_s > 150000 * 86400, 'year',
    range_s > 1000 * 86400, 'month',
    range_s > 180 * 86400, 'week',
    range_s > 4 * 86400, 'day',
    range_s > 3 * 3600, 'hour',
    'minute'
) AS bucket
