-- What the watch over the source may mend by itself: a publication that was dropped and made again
-- leaves log that nobody can read, for it is read as of a time without publication. Debezium tries
-- for ever. Idempotent; run by a superuser after roles.sql, with the same settings.

-- Fails as Debezium does (undefined_object) if the log of its slot cannot be read.
CREATE OR REPLACE FUNCTION read_unread_log() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    transactions bigint;
BEGIN
    PERFORM pg_copy_logical_replication_slot('promo', 'promo_probe', true);
    SELECT count(*) INTO transactions FROM pg_logical_slot_peek_binary_changes(
        'promo_probe', NULL, NULL, 'proto_version', '1', 'publication_names', 'promo'
    );
    PERFORM pg_drop_replication_slot('promo_probe');
    RETURN transactions;
END
$$;

-- Have the slot's reader go on behind what is there now, and return how many changes of the shop's
-- rows it passes over. If there are any, that is remembered in source_gaps. Fails (object_in_use)
-- while somebody reads.
CREATE OR REPLACE FUNCTION skip_unread_log() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    until pg_lsn := pg_current_wal_insert_lsn();
    skipped bigint;
BEGIN
    -- This plugin needs no publication.
    PERFORM pg_copy_logical_replication_slot('promo', 'promo_probe', true, 'test_decoding');
    SELECT count(*) INTO skipped FROM pg_logical_slot_peek_changes('promo_probe', until, NULL)
    WHERE data ~ '^table public\.(users|promo_codes|promo_usages): ';
    PERFORM pg_drop_replication_slot('promo_probe');
    IF skipped > 0 THEN
        INSERT INTO public.source_gaps (cause) VALUES ('there was no publication')
        ON CONFLICT (cause) DO UPDATE SET last_at = clock_timestamp();
    END IF;
    -- Last, for no ROLLBACK takes it back.
    PERFORM pg_replication_slot_advance('promo', until);
    RETURN skipped;
END
$$;

-- Have the statistics of Debezium's slot begin now. Since when they count (pg_stat_replication_slots)
-- tells the slot from one of the same name that was made after it: that one's have never been reset.
CREATE OR REPLACE FUNCTION mark_slot() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_stat_reset_replication_slot('promo');
$$;

REVOKE EXECUTE ON FUNCTION read_unread_log, skip_unread_log, mark_slot FROM PUBLIC;

DO $$
DECLARE
    cdc_user text := current_setting('promo.cdc_user');
BEGIN
    -- Debezium's role alone may read the log; the monitor may have it do these three things.
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON source_gaps TO %I', cdc_user);
    EXECUTE format('ALTER FUNCTION read_unread_log() OWNER TO %I', cdc_user);
    EXECUTE format('ALTER FUNCTION skip_unread_log() OWNER TO %I', cdc_user);
    EXECUTE format('GRANT EXECUTE ON FUNCTION pg_stat_reset_replication_slot TO %I', cdc_user);
    EXECUTE format('ALTER FUNCTION mark_slot() OWNER TO %I', cdc_user);
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION read_unread_log, skip_unread_log, mark_slot TO %I',
        current_setting('promo.monitor_user')
    );
END
$$;
