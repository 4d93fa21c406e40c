-- Which vector was each account scored with, scoring by scoring?
SELECT
    user_id,
    toString(event_id) AS event_id,
    revision,
    trigger,
    model_version,
    toUnixTimestamp64Micro(event_time) AS event_time_us,
    features
FROM risk_scores FINAL
ORDER BY user_id, revision
