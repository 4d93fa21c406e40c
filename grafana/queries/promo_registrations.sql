-- How many accounts were registered?
SELECT count() AS registrations
FROM users FINAL
WHERE
    $__timeFilter_ms(created_at)
    AND ('__all' IN (${timezone:sqlstring}) OR timezone IN (${timezone:sqlstring}))
