-- How did a model judge the accounts that it judged last? Each account once, by its newest score.
-- The window of newest scorings is found by two narrow columns, so the wide one is read for it
-- alone; a scoring that was delivered twice counts once, as its account does.
SELECT features, score, level
FROM risk_scores
WHERE model_version = {version:String}
    AND revision >=
    (
        SELECT min(revision)
        FROM
        (
            SELECT revision
            FROM risk_scores
            WHERE model_version = {version:String}
            ORDER BY revision DESC
            LIMIT {window:UInt32}
        )
    )
ORDER BY revision DESC
LIMIT 1 BY user_id
LIMIT {accounts:UInt32}
