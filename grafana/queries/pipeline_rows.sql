-- Why do rows not arrive, and what is to be done? Nothing while they do.
SELECT
    JSONExtractString(labels, 'what') AS what,
    JSONExtractString(labels, 'remedy') AS remedy
FROM pipeline_metrics
WHERE
    part = 'health' AND metric = 'promo_health_problem' AND value = 1
    AND sampled_at = (
        SELECT max(sampled_at) FROM pipeline_metrics
        WHERE
            part = 'health' AND metric = 'promo_health_problem'
            AND sampled_at > now64(3) - INTERVAL 70 SECOND
    )
ORDER BY what
