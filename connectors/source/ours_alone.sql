-- Take what PostgreSQL lets everybody do: fill the disk with tables and large objects of their own.
-- Idempotent; for a database that nobody but our roles uses: in a shop's own others may need that.
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION
    lo_creat, lo_create, lo_from_bytea, lo_put, lo_open, lowrite, lo_truncate, lo_truncate64
    FROM PUBLIC;

-- And take all locks that there are, or write into the log beside the tables. Commands of the
-- application's role take a lock for themselves, and a new snapshot moves the log on; Debezium's
-- heartbeat is a message in it.
DO $$
DECLARE
    one regprocedure;
BEGIN
    FOR one IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
            AND (proname LIKE 'pg\_%advisory%' OR proname = 'pg_logical_emit_message')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', one);
    END LOOP;
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint), pg_try_advisory_lock(int, int) TO %I',
        current_setting('promo.app_user')
    );
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text) TO %I, %I',
        current_setting('promo.app_user'), current_setting('promo.cdc_user')
    );
END
$$;
