-- How many messages were set aside in the last ten minutes?
SELECT count() AS dead_letters
FROM dead_letters FINAL
WHERE failed_at > now() - INTERVAL 10 MINUTE
