-- How many parts do not answer, or have halted? All, if the monitor has not looked for 70 s.
SELECT if(max(looked_at) < now64(3) - INTERVAL 70 SECOND, count(), countIf(is_ill)) AS parts
FROM
(
    SELECT
        part,
        max(sampled_at) AS looked_at,
        max(looked_at) OVER () AS newest_look,
        argMaxIf(value, sampled_at, metric = 'promo_part_up') = 0
            OR maxIf(value, metric = 'promo_halted' AND sampled_at > now64(3) - INTERVAL 70 SECOND) = 1
            AS is_ill
    FROM pipeline_metrics
    WHERE
        metric IN ('promo_part_up', 'promo_halted')
        AND sampled_at > now64(3) - INTERVAL 1 DAY
    GROUP BY part
)
WHERE looked_at > newest_look - INTERVAL 70 SECOND
