-- How soon registrations and redemptions were scored: the histogram's samples in the period.
samples AS
(
    SELECT part, labels, sampled_at, value
    FROM pipeline_metrics
    WHERE
        startsWith(part, 'scoring-')
        AND metric = 'promo_commit_to_score_seconds_bucket'
        AND (
            endsWith(labels, '"trigger":"registration"}')
            OR endsWith(labels, '"trigger":"redemption"}')
        )
        AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND
        AND sampled_at <= $__toTime_ms
)
