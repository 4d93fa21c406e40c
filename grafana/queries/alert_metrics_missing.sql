-- For how many seconds has the monitor been silent? A day at most.
SELECT least(86400, dateDiff('second', max(sampled_at), now64(3))) AS silent_s
FROM pipeline_metrics
WHERE sampled_at > now() - INTERVAL 1 DAY
