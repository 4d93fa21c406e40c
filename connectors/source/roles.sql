-- Who may do what with the source tables. Idempotent; run by a superuser after schema.sql,
-- health.sql and erasure.sql, in a session that has set promo.<role>_user and
-- promo.<role>_password for the roles app, cdc, monitor, eraser and reconciler (names and passwords
-- are settings, and DDL takes no bound parameters).

DO $$
DECLARE
    app_user text := current_setting('promo.app_user');
    cdc_user text := current_setting('promo.cdc_user');
    monitor_user text := current_setting('promo.monitor_user');
    eraser_user text := current_setting('promo.eraser_user');
    reconciler_user text := current_setting('promo.reconciler_user');
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = app_user) THEN
        EXECUTE format('CREATE ROLE %I', app_user);
    END IF;
    EXECUTE format(
        'ALTER ROLE %I LOGIN PASSWORD %L', app_user, current_setting('promo.app_password')
    );
    EXECUTE format(
        'GRANT SELECT, INSERT, UPDATE, DELETE ON users, promo_codes, promo_usages TO %I', app_user
    );

    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = cdc_user) THEN
        EXECUTE format('CREATE ROLE %I', cdc_user);
    END IF;
    EXECUTE format(
        'ALTER ROLE %I LOGIN REPLICATION PASSWORD %L',
        cdc_user, current_setting('promo.cdc_password')
    );
    EXECUTE format(
        'GRANT SELECT ON users, promo_codes, promo_usages, heartbeats TO %I', cdc_user
    );

    -- It sees no table of the shop's: positions in the log, of the slots, and what tables look like,
    -- are there for everybody. It writes heartbeats, and remembers what it saw.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = monitor_user) THEN
        EXECUTE format('CREATE ROLE %I', monitor_user);
    END IF;
    EXECUTE format(
        'ALTER ROLE %I LOGIN PASSWORD %L', monitor_user, current_setting('promo.monitor_password')
    );
    EXECUTE format(
        'GRANT SELECT, INSERT, UPDATE ON heartbeats, source_marks, source_gaps TO %I', monitor_user
    );
    -- Commands that have compared every row close what was open, or take a new slot as it is.
    EXECUTE format('GRANT SELECT, DELETE ON source_gaps, source_marks TO %I', app_user);

    -- It sees no table: it can have an account erased, and look a receipt up.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = eraser_user) THEN
        EXECUTE format('CREATE ROLE %I', eraser_user);
    END IF;
    EXECUTE format(
        'ALTER ROLE %I LOGIN PASSWORD %L', eraser_user, current_setting('promo.eraser_password')
    );
    EXECUTE format('GRANT EXECUTE ON FUNCTION erase_account, erasure_receipt TO %I', eraser_user);

    -- It reads the tables, to compare them with the stores, and changes nothing.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = reconciler_user) THEN
        EXECUTE format('CREATE ROLE %I', reconciler_user);
    END IF;
    EXECUTE format(
        'ALTER ROLE %I LOGIN PASSWORD %L',
        reconciler_user, current_setting('promo.reconciler_password')
    );
    EXECUTE format('GRANT SELECT ON users, promo_codes, promo_usages TO %I', reconciler_user);
END
$$;
