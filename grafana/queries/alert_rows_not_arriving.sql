-- Why do rows not arrive? 1 for each reason that the monitor saw last; 0 while there is none.
SELECT
    if(value = 0, '', concat(JSONExtractString(labels, 'what'), ': ', JSONExtractString(labels, 'remedy')))
        AS problem,
    max(value) AS standing
FROM pipeline_metrics
WHERE
    part = 'health' AND metric = 'promo_health_problem'
    AND sampled_at = (
        SELECT max(sampled_at) FROM pipeline_metrics
        WHERE
            part = 'health' AND metric = 'promo_health_problem'
            AND sampled_at > now() - INTERVAL 90 SECOND
    )
GROUP BY problem
ORDER BY problem
