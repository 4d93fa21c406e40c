-- All scores of erased accounts.
ALTER TABLE risk_scores DELETE
WHERE user_id IN {keys:Array(String)}
