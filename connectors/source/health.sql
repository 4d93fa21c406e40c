-- What the health of the source needs: heartbeats, the guard against TRUNCATE, and what the watch
-- remembers. Idempotent; run by a superuser after schema.sql.

SET ROLE promo_owner;

-- A row for each partition of the topic, written every few seconds by the monitor. It goes the way of
-- all rows, and its age behind each stage says whether rows arrive.
CREATE TABLE IF NOT EXISTS heartbeats (
    beat_key text PRIMARY KEY,
    -- By the monitor's clock, microseconds since 1970 UTC.
    beat_us  bigint NOT NULL
);

-- What the watch saw last of things whose change loses rows without an event: a publication that was
-- made again, a table whose file was replaced.
CREATE TABLE IF NOT EXISTS source_marks (
    mark  text PRIMARY KEY,
    seen  text NOT NULL,
    at    timestamptz NOT NULL DEFAULT now()
);

-- Why rows may differ from what the stores have, until `make resnapshot` or `make reconcile` has
-- compared them.
CREATE TABLE IF NOT EXISTS source_gaps (
    cause    text PRIMARY KEY,
    began_at timestamptz NOT NULL DEFAULT now(),
    last_at  timestamptz NOT NULL DEFAULT now()
);

-- A TRUNCATE names no row, so nothing could follow it: it is refused, to everybody.
CREATE OR REPLACE FUNCTION refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of % would send no event, and Promo Sentinel would keep every row',
        TG_RELID::regclass
        USING HINT = format('DELETE FROM %s; does the same and is followed', TG_RELID::regclass);
END
$$;

DO $$
DECLARE
    one regclass;
BEGIN
    FOREACH one IN ARRAY ARRAY['users', 'promo_codes', 'promo_usages']::regclass[] LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate()', one
        );
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER no_truncate', one);
    END LOOP;
END
$$;

-- A publication that is there loses no table and no operation that the pipeline lives on. Whatever it
-- had lost may have lost rows: that is remembered. One for all tables has ours already.
DO $$
DECLARE
    missing text[];
    ours pg_publication;
BEGIN
    SELECT * INTO ours FROM pg_publication WHERE pubname = 'promo';
    IF NOT ours.puballtables THEN
        SELECT array_agg(name) INTO missing
        FROM unnest(ARRAY['users', 'promo_codes', 'promo_usages', 'heartbeats']) AS name
        WHERE NOT EXISTS (
            SELECT FROM pg_publication_rel
            WHERE prpubid = ours.oid AND prrelid = format('public.%I', name)::regclass
        );
        IF missing IS NOT NULL THEN
            EXECUTE 'ALTER PUBLICATION promo ADD TABLE ' || array_to_string(missing, ', ');
        END IF;
    END IF;
    IF NOT (ours.pubinsert AND ours.pubupdate AND ours.pubdelete) THEN
        ALTER PUBLICATION promo SET (publish = 'insert, update, delete, truncate');
        missing := missing || 'operations'::text;
    END IF;
    missing := array_remove(missing, 'heartbeats');
    IF cardinality(missing) > 0 THEN
        INSERT INTO source_gaps (cause)
        VALUES ('the publication had lost ' || array_to_string(missing, ', '))
        ON CONFLICT (cause) DO UPDATE SET last_at = now();
    END IF;
END
$$;

RESET ROLE;
