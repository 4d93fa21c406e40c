-- Does every part work, since when, and what does it wait for?
-- down: it did not answer. halted: too many dead letters. unknown: the monitor has not looked for
-- 70 s. A state lasts since its first look; time in which nobody looked ends it. Parts that are
-- gone are left out. When a part was last seen is known to the minute.
SELECT
    states.part AS part,
    multiIf(
        states.newest_look < now64(3) - INTERVAL 70 SECOND, 'unknown',
        states.is_up = 0, 'down',
        ifNull(workers.halted, 0) = 1, 'halted',
        'up'
    ) AS state,
    arrayStringConcat(workers.missed, ', ') AS waits_for,
    states.since AS since,
    if(states.is_up = 1, states.newest_look, states.last_up) AS last_seen
FROM
(
    SELECT
        part,
        argMax(value, sampled_at) AS is_up,
        max(sampled_at) AS looked_at,
        max(looked_at) OVER () AS newest_look,
        maxIf(sampled_at, value != before OR before_at < sampled_at - INTERVAL 70 SECOND) AS since,
        if(countIf(value = 1) = 0, NULL, maxIf(sampled_at, value = 1)) AS last_up
    FROM
    (
        SELECT
            part,
            sampled_at,
            value,
            lagInFrame(value, 1, -1) OVER of_part AS before,
            lagInFrame(sampled_at) OVER of_part AS before_at
        FROM pipeline_metrics
        WHERE metric = 'promo_part_up'
        WINDOW of_part AS (PARTITION BY part ORDER BY sampled_at)
    )
    GROUP BY part
) AS states
LEFT JOIN
(
    SELECT
        part,
        maxIf(newest, metric = 'promo_halted') AS halted,
        arraySort(groupArrayIf(dependency, metric = 'promo_dependency_up' AND newest = 0)) AS missed
    FROM
    (
        SELECT
            part,
            metric,
            JSONExtractString(labels, 'dependency') AS dependency,
            argMax(value, sampled_at) AS newest
        FROM pipeline_metrics
        WHERE
            metric IN ('promo_halted', 'promo_dependency_up')
            AND sampled_at > now64(3) - INTERVAL 70 SECOND
        GROUP BY part, metric, dependency
    )
    GROUP BY part
) AS workers ON workers.part = states.part
WHERE states.looked_at > states.newest_look - INTERVAL 70 SECOND
ORDER BY part
