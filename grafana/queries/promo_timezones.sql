-- Which time zones do users say that they are in?
SELECT DISTINCT assumeNotNull(timezone) AS timezone
FROM users FINAL
WHERE timezone IS NOT NULL
ORDER BY timezone
