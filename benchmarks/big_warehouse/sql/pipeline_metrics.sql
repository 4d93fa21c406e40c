-- The monitor's samples number `first` to `first + count`, the last at `until`, every five
-- seconds, what seldom changes once a minute: the series that two scoring workers, the sink, the
-- API and the monitor itself expose.
INSERT INTO pipeline_metrics (sampled_at, part, metric, labels, value)
WITH
    ['0.002', '0.005', '0.01', '0.02', '0.03', '0.05', '0.075', '0.1', '0.2', '0.5', '1.0',
     '2.0', '5.0', '10.0', '60.0', '600.0', '+Inf'] AS seconds,
    ['registration', 'redemption', 'rescore', 'label'] AS triggers,
    ['promo.public.users', 'promo.public.promo_usages', 'promo.public.promo_codes',
     'promo.rescore', 'promo.labels', 'promo.link_decisions'] AS intake,
    ['promo.public.users', 'promo.public.promo_codes', 'promo.public.promo_usages',
     'promo.risk_scores', 'promo.abuse_alerts', 'promo.labels', 'promo.link_decisions'] AS stored,
    ['shared_device', 'shared_phone', 'shared_mailbox', 'same_code_same_ip', 'ip_burst',
     'network_burst', 'near_abuser', 'fast_redemption'] AS rules,
    ['/v1/users/{user_id}/risk', '/v1/score', '/v1/alerts', '/v1/redemptions/claim', '/metrics',
     '/healthz'] AS routes,
    ['0', '1', '2', '3'] AS partitions,
    arrayConcat(
        arrayMap(
            part -> (part, 'promo_part_up', '{}'),
            ['api', 'clickhouse', 'connect', 'connector', 'kafka', 'model', 'postgres', 'redis',
             'scoring-0', 'scoring-1', 'warehouse', 'monitor']
        ),
        arrayMap(
            stage -> ('health', 'promo_heartbeat_age_seconds', concat('{"stage":"', stage, '"}')),
            ['postgres', 'connector', 'scoring', 'redis', 'warehouse', 'clickhouse']
        ),
        [('health', 'promo_health_problem',
          '{"problem":"publication","remedy":"create it","what":"there is no publication"}'),
         ('reconciler', 'promo_reconcile_differences',
          '{"kind":"missing","store":"redis","table":"users"}'),
         ('postgres', 'promo_source_lag_bytes', '{"slot":"promo"}'),
         ('postgres', 'promo_source_wal_kept_bytes', '{"slot":"promo"}'),
         ('model', 'promo_alert_rate', '{}'), ('model', 'promo_alert_rate_trained', '{}'),
         ('model', 'promo_score_psi', '{}')],
        arrayMap(
            n -> ('model', 'promo_drift_psi', concat('{"feature":"feature_', toString(n), '"}')),
            range(24)
        ),
        arrayFlatten(arrayMap(
            topic -> arrayMap(
                p -> ('kafka', 'promo_consumer_lag', concat(
                    '{"group":"promo-scoring","partition":"', p, '","topic":"', topic, '"}')),
                partitions
            ),
            intake
        )),
        arrayFlatten(arrayMap(
            topic -> arrayMap(
                p -> ('kafka', 'promo_consumer_lag', concat(
                    '{"group":"promo-warehouse","partition":"', p, '","topic":"', topic, '"}')),
                partitions
            ),
            stored
        )),
        arrayFlatten(arrayMap(
            part -> arrayConcat(
                arrayMap(
                    topic -> (part, 'promo_events_total', concat('{"topic":"', topic, '"}')),
                    stored
                ),
                arrayMap(
                    le -> (part, 'promo_batch_seconds_bucket', concat('{"le":"', le, '"}')),
                    seconds
                ),
                arrayMap(
                    le -> (part, 'promo_commit_to_alert_seconds_bucket', concat(
                        '{"le":"', le, '"}')),
                    seconds
                ),
                [(part, 'promo_batch_seconds_count', '{}'), (part, 'promo_batch_seconds_sum', '{}'),
                 (part, 'promo_halted', '{}'),
                 (part, 'promo_dependency_up', '{"dependency":"kafka"}')]
            ),
            ['scoring-0', 'scoring-1', 'warehouse']
        )),
        arrayFlatten(arrayMap(
            part -> arrayConcat(
                arrayFlatten(arrayMap(
                    trigger -> arrayMap(
                        le -> (part, 'promo_commit_to_score_seconds_bucket', concat(
                            '{"le":"', le, '","trigger":"', trigger, '"}')),
                        seconds
                    ),
                    triggers
                )),
                arrayMap(
                    trigger -> (part, 'promo_commit_to_score_seconds_count', concat(
                        '{"trigger":"', trigger, '"}')),
                    triggers
                ),
                arrayMap(
                    trigger -> (part, 'promo_commit_to_score_seconds_sum', concat(
                        '{"trigger":"', trigger, '"}')),
                    triggers
                ),
                arrayMap(
                    level -> (part, 'promo_scores_total', concat('{"level":"', level, '"}')),
                    ['low', 'medium', 'high', 'critical']
                ),
                arrayMap(
                    status -> (part, 'promo_alerts_total', concat('{"status":"', status, '"}')),
                    ['open', 'escalated', 'cleared']
                ),
                arrayMap(
                    rule -> (part, 'promo_rule_hits_total', concat(
                        '{"mode":"acting","rule":"rule.', rule, '"}')),
                    rules
                )
            ),
            ['scoring-0', 'scoring-1']
        )),
        arrayFlatten(arrayMap(
            name -> arrayMap(
                le -> ('warehouse', 'promo_commit_to_stored_seconds_bucket', concat(
                    '{"le":"', le, '","table":"', name, '"}')),
                seconds
            ),
            ['users', 'promo_codes', 'promo_usages', 'risk_scores', 'abuse_alerts']
        )),
        arrayMap(
            route -> ('api', 'promo_api_requests_total', concat(
                '{"method":"GET","route":"', route, '","status":"200"}')),
            routes
        ),
        arrayFlatten(arrayMap(
            route -> arrayMap(
                le -> ('api', 'promo_api_request_seconds_bucket', concat(
                    '{"le":"', le, '","route":"', route, '"}')),
                seconds
            ),
            routes
        ))
    ) AS series
SELECT
    {until:DateTime64(6, 'UTC')}
        - toIntervalSecond(5 * ({samples:UInt64} - 1 - number)) AS sampled,
    one.1,
    one.2,
    one.3,
    multiIf(
        one.2 LIKE '%_up' OR one.2 LIKE '%_problem', 1,
        one.2 LIKE '%_bucket',
        floor(3 * number * (1 - exp(-20 * toFloat64OrDefault(
            extract(one.3, '"le":"([^"]+)"'), CAST('inf', 'Float64'))))),
        one.2 LIKE '%_count' OR one.2 LIKE '%_total', floor(3 * number),
        one.2 LIKE '%_sum', 0.15 * number,
        one.2 LIKE '%_psi', cityHash64(one.3, intDiv(number, 60)) % 100 / 1000,
        one.2 = 'promo_halted', 0,
        cityHash64(one.2, one.3, number) % 50
    )
FROM (SELECT number, arrayJoin(series) AS one FROM numbers({first:UInt64}, {count:UInt64}))
WHERE number % 12 = 0 OR NOT match(one.2, '_up$|_psi$|_halted$|_rate')
