-- What a person has decided meanwhile stays.
UPDATE users SET is_abuser = true WHERE user_id = $1 AND is_abuser IS NULL
