-- Which parts are down, or have halted? 1 for each that is, 0 for the others, by what the monitor
-- saw last.
SELECT
    part,
    max(if(metric = 'promo_part_up', 1 - newest, newest)) AS ill
FROM
(
    SELECT part, metric, argMax(value, sampled_at) AS newest
    FROM pipeline_metrics
    WHERE
        metric IN ('promo_part_up', 'promo_halted')
        AND sampled_at > now() - INTERVAL 90 SECOND
    GROUP BY part, metric
)
GROUP BY part
ORDER BY part
