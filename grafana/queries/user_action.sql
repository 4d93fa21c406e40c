-- What should the checkout do with the account?
SELECT action FROM risk_scores WHERE user_id = ${user:sqlstring} ORDER BY revision DESC LIMIT 1
