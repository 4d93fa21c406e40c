-- Who may do what with the source tables. Idempotent; run by a superuser after schema.sql, in a
-- session that has set promo.app_user, promo.app_password, promo.cdc_user, promo.cdc_password
-- (names and passwords are settings, and DDL takes no bound parameters).

DO $$
DECLARE
    app_user text := current_setting('promo.app_user');
    cdc_user text := current_setting('promo.cdc_user');
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
    EXECUTE format('GRANT SELECT ON users, promo_codes, promo_usages TO %I', cdc_user);
END
$$;
