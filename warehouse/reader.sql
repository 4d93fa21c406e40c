-- The read-only users on a ClickHouse server of your own: promo_reader for Grafana and analysts, and
-- promo_api for our own parts. Any viewer can send any SQL through a dashboard, so promo_reader is
-- what protects the rest. Run it as an admin:
--   clickhouse-client --queries-file warehouse/reader.sql \
--     --param_password_sha256="$(printf %s "$PASSWORD" | sha256sum | cut -d ' ' -f 1)" \
--     --param_api_password_sha256="$(printf %s "$API_PASSWORD" | sha256sum | cut -d ' ' -f 1)"
-- readonly is 2, not 1: Grafana's plugin sets max_execution_time with every query. The limits are
-- those of warehouse/gateway/limits.py.
CREATE USER IF NOT EXISTS promo_reader
    IDENTIFIED WITH sha256_hash BY {password_sha256:String}
    SETTINGS
        readonly = 2,
        max_execution_time = 30 MIN 1 MAX 30,
        max_memory_usage = 268435456 MIN 1 MAX 268435456,
        max_bytes_before_external_group_by = 134217728 MIN 1 MAX 134217728,
        max_bytes_before_external_sort = 134217728 MIN 1 MAX 134217728,
        max_temporary_data_on_disk_size_for_query = 1073741824 MIN 1 MAX 1073741824,
        max_threads = 2 MIN 1 MAX 2,
        max_result_rows = 1000000 MIN 1 MAX 1000000,
        max_result_bytes = 67108864 MIN 1 MAX 67108864,
        max_memory_usage_for_user = 1073741824 CONST,
        max_concurrent_queries_for_user = 16 CONST,
        enable_extended_results_for_datetime_functions = 1,
        apply_mutations_on_fly = 1;

GRANT SELECT ON promo.* TO promo_reader;

CREATE USER IF NOT EXISTS promo_api
    IDENTIFIED WITH sha256_hash BY {api_password_sha256:String}
    SETTINGS
        readonly = 2,
        max_execution_time = 600 MIN 1 MAX 600,
        max_memory_usage = 1610612736 MIN 1 MAX 1610612736,
        max_threads = 2 MIN 1 MAX 2,
        max_memory_usage_for_user = 2147483648 CONST,
        max_concurrent_queries_for_user = 48 CONST,
        enable_extended_results_for_datetime_functions = 1,
        apply_mutations_on_fly = 1;

GRANT SELECT ON promo.* TO promo_api;
