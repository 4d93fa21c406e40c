-- How many messages is each consumer group behind now, by topic? No row: nobody has looked, or
-- Kafka has not answered, for 70 s.
SELECT
    JSONExtractString(labels, 'group') AS consumer,
    JSONExtractString(labels, 'topic') AS topic,
    sum(behind) AS messages_behind
FROM
(
    SELECT labels, argMax(value, sampled_at) AS behind
    FROM pipeline_metrics
    WHERE
        part = 'kafka' AND metric = 'promo_consumer_lag'
        AND sampled_at > now64(3) - INTERVAL 70 SECOND
    GROUP BY labels
)
GROUP BY consumer, topic
ORDER BY messages_behind DESC, consumer, topic
