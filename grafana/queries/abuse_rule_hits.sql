-- How many accounts did each rule flag in the period, or would have flagged from the shadow?
SELECT
    replaceOne(finding.1, 'rule.', '') AS rule,
    uniqExactIf(user_id, finding.2 = 'acting') AS acting,
    uniqExactIf(user_id, finding.2 = 'shadow') AS shadow
FROM
(
    SELECT
        user_id,
        arrayJoin(arrayConcat(
            arrayMap(c -> (c, 'acting'), arrayFilter(c -> startsWith(c, 'rule.'), reason_codes)),
            arrayMap(c -> (c, 'shadow'), shadow_rules)
        )) AS finding
    FROM risk_scores
    WHERE $__timeFilter_ms(scored_at)
)
GROUP BY rule
ORDER BY acting + shadow DESC, rule
LIMIT 30
