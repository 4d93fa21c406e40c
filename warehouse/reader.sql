-- The read-only user of dashboards and alerts, on a ClickHouse server of your own. Any viewer can
-- send any SQL through a dashboard, so this user is what protects the rest. Run it as an admin:
--   clickhouse-client --queries-file warehouse/reader.sql \
--     --param_password_sha256="$(printf %s "$PASSWORD" | sha256sum | cut -d ' ' -f 1)"
-- readonly is 2, not 1: Grafana's plugin sets max_execution_time with every query.
CREATE USER IF NOT EXISTS promo_reader
    IDENTIFIED WITH sha256_hash BY {password_sha256:String}
    SETTINGS
        readonly = 2,
        max_execution_time = 60 MAX 300,
        max_memory_usage = 4000000000 MAX 4000000000,
        apply_mutations_on_fly = 1;

GRANT SELECT ON promo.* TO promo_reader;
