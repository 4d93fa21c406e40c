-- Which share of the accounts that were judged in the period has an alert that stands?
SELECT countIf(user_id IN (SELECT user_id FROM standing_accounts)) / nullIf(count(), 0) AS share
FROM
(
    SELECT DISTINCT user_id FROM risk_scores WHERE $__timeFilter_ms(scored_at)
)
