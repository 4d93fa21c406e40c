-- In how many of the rows that were compared does each store differ from PostgreSQL?
SELECT store, sum(differences) AS differences
FROM
(
    SELECT
        JSONExtractString(labels, 'store') AS store,
        labels,
        argMax(value, sampled_at) AS differences
    FROM pipeline_metrics
    WHERE
        part = 'reconciler' AND metric = 'promo_reconcile_differences'
        AND sampled_at > now() - INTERVAL 90 SECOND
    GROUP BY labels
)
GROUP BY store
ORDER BY store
