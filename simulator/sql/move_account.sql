-- Only from the address that is left, so a play that is repeated moves nobody back.
UPDATE users SET ip_address = $3::text WHERE user_id = $1 AND ip_address = $2::text
