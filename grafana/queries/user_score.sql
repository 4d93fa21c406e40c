-- What is the account's newest score?
SELECT score FROM risk_scores WHERE user_id = ${user:sqlstring} ORDER BY revision DESC LIMIT 1
