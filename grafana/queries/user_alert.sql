-- How does the account's alert stand?
SELECT if(count() = 0, 'none', argMax(status, revision)) AS status
FROM abuse_alerts
WHERE user_id = ${user:sqlstring}
HAVING ${user:sqlstring} != ''
