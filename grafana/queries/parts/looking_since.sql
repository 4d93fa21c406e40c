-- Since when the monitor looks, in the period: it looks at PostgreSQL in each round.
(
    SELECT min(sampled_at)
    FROM pipeline_metrics
    WHERE
        part = 'postgres' AND metric = 'promo_part_up'
        AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND AND sampled_at <= $__toTime_ms
) AS looking_since
