-- What is the account's level?
SELECT level FROM risk_scores WHERE user_id = ${user:sqlstring} ORDER BY revision DESC LIMIT 1
