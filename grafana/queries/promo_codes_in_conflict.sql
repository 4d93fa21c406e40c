-- How many promo codes do loaded files define in more than one way? By each folder's newest load.
SELECT sum(codes) AS codes
FROM
(
    SELECT argMax(JSONExtractUInt(detail, 'codes_in_conflict'), at) AS codes
    FROM audit_log
    WHERE action = 'load' AND JSONHas(detail, 'codes_in_conflict')
    GROUP BY subject
)
