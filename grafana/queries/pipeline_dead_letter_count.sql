-- How many messages were set aside in the period?
SELECT count() AS letters
FROM dead_letters FINAL
WHERE $__timeFilter_ms(failed_at)
