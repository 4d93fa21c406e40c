-- How many bytes of its log must PostgreSQL keep for Debezium, if they are a gibibyte or more and
-- no fewer than five minutes before? 0 if they are few, or become fewer.
SELECT if(newest >= 1073741824 AND newest >= earlier, newest, 0) AS kept
FROM
(
    SELECT
        argMaxIf(value, sampled_at, sampled_at > now() - INTERVAL 90 SECOND) AS newest,
        argMaxIf(value, sampled_at, sampled_at <= now() - INTERVAL 5 MINUTE) AS earlier
    FROM pipeline_metrics
    WHERE
        metric = 'promo_source_wal_kept_bytes' AND sampled_at > now() - INTERVAL 390 SECOND
)
