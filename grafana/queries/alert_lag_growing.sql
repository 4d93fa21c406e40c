-- Which consumers fall further behind? Messages to go where they are 1,000 or more and more than
-- five minutes before; 0 where they are few, or become fewer.
WITH lags AS
(
    SELECT
        JSONExtractString(labels, 'group') AS consumer,
        labels,
        argMaxIf(value, sampled_at, sampled_at > now() - INTERVAL 90 SECOND) AS newest,
        argMaxIf(value, sampled_at, sampled_at <= now() - INTERVAL 5 MINUTE) AS earlier
    FROM pipeline_metrics
    WHERE metric = 'promo_consumer_lag' AND sampled_at > now() - INTERVAL 390 SECOND
    GROUP BY labels
)
SELECT
    consumer,
    if(sum(newest) >= 1000 AND sum(newest) > sum(earlier), sum(newest), 0) AS behind
FROM lags
GROUP BY consumer
ORDER BY consumer
