-- How many registrations a day?
SELECT toDate(created_at) AS day, count() AS registrations
FROM users FINAL
GROUP BY day
ORDER BY day
