-- How many seconds old is what ClickHouse shows of the shop?
-- Since the later of two moments. The newest commit in PostgreSQL of which ClickHouse has the row:
-- while rows come, nothing later is shown. And the last look at which ClickHouse had everything:
-- Kafka answered, Debezium ran and had confirmed PostgreSQL's log but for 64 KiB (its heartbeats),
-- and the warehouse worker had consumed every message; so a quiet shop is fresh, to the 5 s between
-- two looks and a second for storing what was seen. Whatever stops on the way, the age grows from
-- then on. It is told up to a day.
SELECT
    greatest(
        0,
        dateDiff(
            'millisecond',
            greatest(
                (
                    SELECT max(committed_at)
                    FROM
                    (
                        SELECT max(committed_at) AS committed_at FROM users
                        UNION ALL
                        SELECT max(committed_at) FROM promo_usages
                        UNION ALL
                        SELECT max(committed_at) FROM promo_codes
                    )
                ),
                (
                    -- Each series was well until the look before the one that saw it ill; what
                    -- stands still is stored once a minute. All is there up to where all were well.
                    SELECT min(well_until)
                    FROM
                    (
                        SELECT
                            maxIf(
                                least(
                                    sampled_at + INTERVAL 60 SECOND,
                                    greatest(sampled_at, next_at - INTERVAL 5 SECOND)
                                ),
                                multiIf(
                                    metric = 'promo_part_up', value = 1,
                                    metric = 'promo_source_lag_bytes', value < 65536,
                                    value = 0
                                )
                            ) AS well_until
                        FROM
                        (
                            SELECT
                                part,
                                metric,
                                labels,
                                sampled_at,
                                value,
                                leadInFrame(sampled_at, 1, newest_look + INTERVAL 5 SECOND) OVER (
                                    PARTITION BY part, metric, labels ORDER BY sampled_at
                                    ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING
                                ) AS next_at
                            FROM pipeline_metrics
                            CROSS JOIN
                            (
                                SELECT max(sampled_at) AS newest_look
                                FROM pipeline_metrics
                                WHERE
                                    part = 'monitor' AND metric = 'promo_part_up'
                                    AND sampled_at > now64(3) - INTERVAL 1 DAY
                            ) AS looks
                            WHERE
                                (part, metric) IN (
                                    ('kafka', 'promo_part_up'),
                                    ('connector', 'promo_part_up'),
                                    ('postgres', 'promo_source_lag_bytes'),
                                    ('kafka', 'promo_consumer_lag')
                                )
                                AND (
                                    metric != 'promo_consumer_lag'
                                    OR JSONExtractString(labels, 'group') = 'promo-warehouse'
                                )
                                AND sampled_at > now64(3) - INTERVAL 1 DAY
                        )
                        GROUP BY part, metric, labels
                    )
                ),
                now64(6) - INTERVAL 1 DAY
            ),
            now64(6)
        ) / 1000
    ) AS age
