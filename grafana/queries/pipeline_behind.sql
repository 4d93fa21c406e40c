-- How many messages are all consumers behind now? No row: nobody has looked for 70 s.
SELECT sum(behind) AS messages
FROM
(
    SELECT argMax(value, sampled_at) AS behind
    FROM pipeline_metrics
    WHERE
        part = 'kafka' AND metric = 'promo_consumer_lag'
        AND sampled_at > now64(3) - INTERVAL 70 SECOND
    GROUP BY labels
)
HAVING count() > 0
