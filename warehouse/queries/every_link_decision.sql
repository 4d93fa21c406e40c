-- Which links of each account have been declared false?
SELECT user_id, ignored, version, about
FROM link_decisions FINAL
ORDER BY user_id
