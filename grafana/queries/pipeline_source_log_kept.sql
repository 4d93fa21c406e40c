-- How many bytes of its log must PostgreSQL keep for Debezium now?
SELECT argMax(value, sampled_at) AS kept
FROM pipeline_metrics
WHERE
    part = 'postgres' AND metric = 'promo_source_wal_kept_bytes'
    AND sampled_at > now64(3) - INTERVAL 70 SECOND
HAVING count() > 0
