-- In which rows, of those that the reconciler has compared, does a store differ from PostgreSQL now?
SELECT
    JSONExtractString(labels, 'table') AS source_table,
    JSONExtractString(labels, 'store') AS store,
    JSONExtractString(labels, 'kind') AS kind,
    differences
FROM
(
    SELECT labels, argMax(value, sampled_at) AS differences
    FROM pipeline_metrics
    WHERE
        part = 'reconciler' AND metric = 'promo_reconcile_differences'
        AND sampled_at > now64(3) - INTERVAL 70 SECOND
    GROUP BY labels
)
WHERE differences > 0
ORDER BY differences DESC, source_table, store, kind
