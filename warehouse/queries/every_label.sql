-- What is an analyst's newest word on each account?
SELECT user_id, is_abuser, version, about
FROM labels FINAL
ORDER BY user_id
