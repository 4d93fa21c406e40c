-- Which scorings has the account had, the newest first, and why?
SELECT
    scored_at,
    revision,
    trigger,
    score,
    level,
    action,
    arrayStringConcat(
        arrayMap(r -> JSONExtractString(r, 'description'), JSONExtractArrayRaw(reasons)), '; '
    ) AS because,
    model_version
FROM risk_scores FINAL
WHERE user_id = ${user:sqlstring}
ORDER BY revision DESC
LIMIT 100
