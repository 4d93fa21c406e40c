-- How far have the accounts scored last drifted from those that the model learned from, feature by
-- feature? The newest measurement; 0.1 is little, 0.25 much.
SELECT
    JSONExtractString(labels, 'feature') AS feature,
    argMax(value, sampled_at) AS stability_index
FROM pipeline_metrics
WHERE part = 'model' AND metric = 'promo_drift_psi' AND $__timeFilter_ms(sampled_at)
GROUP BY feature
ORDER BY stability_index DESC, feature
LIMIT 15
