-- Which parts are down? 1 for each that is, 0 for the others, by what the monitor saw last.
SELECT
    part,
    1 - argMax(value, sampled_at) AS down
FROM pipeline_metrics
WHERE metric = 'promo_part_up' AND sampled_at > now() - INTERVAL 90 SECOND
GROUP BY part
ORDER BY part
