-- How many alerts stand now?
SELECT count() AS alerts FROM standing_accounts
