-- The source tables, as their owner makes them. Idempotent; run by a superuser before health.sql
-- and roles.sql.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'promo_owner') THEN
        CREATE ROLE promo_owner NOLOGIN;
    END IF;
    -- A publication is made in a database, its tables in a schema: the owner needs both rights.
    EXECUTE format('GRANT CREATE ON DATABASE %I TO promo_owner', current_database());
END
$$;
GRANT CREATE, USAGE ON SCHEMA public TO promo_owner;

SET ROLE promo_owner;

CREATE TABLE IF NOT EXISTS users (
    user_id           text PRIMARY KEY,
    created_at        timestamptz NOT NULL,
    email             text,
    is_email_verified boolean,
    phone             text,
    is_phone_verified boolean,
    first_name        text,
    last_name         text,
    ip_address        text,
    device_id         text,
    user_agent        text,
    city              text,
    gender            text,
    dob               date,
    timezone          text,
    is_abuser         boolean
);

CREATE TABLE IF NOT EXISTS promo_codes (
    promo_code          text PRIMARY KEY,
    discount_type       text,
    discount_value      numeric,
    min_purchase_amount numeric
);

-- No foreign keys: a redemption may arrive before its user, or without one.
CREATE TABLE IF NOT EXISTS promo_usages (
    usage_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    text NOT NULL,
    promo_code text NOT NULL,
    used_at    timestamptz NOT NULL,
    used_promo boolean
);

-- The loader asks whether a redemption is there already. A hash index bears texts of any length,
-- where a btree refuses those over a third of a page.
CREATE INDEX IF NOT EXISTS promo_usages_of_user ON promo_usages USING hash (user_id);

-- An account that is deleted takes its redemptions along, whoever deletes it and however.
CREATE OR REPLACE FUNCTION withdraw_redemptions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM public.promo_usages WHERE user_id = OLD.user_id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER users_deleted AFTER DELETE ON users
FOR EACH ROW EXECUTE FUNCTION withdraw_redemptions();

-- An update or a deletion carries the whole old row, so that it can be taken out of the counts.
ALTER TABLE users REPLICA IDENTITY FULL;
ALTER TABLE promo_codes REPLICA IDENTITY FULL;
ALTER TABLE promo_usages REPLICA IDENTITY FULL;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = 'promo') THEN
        CREATE PUBLICATION promo FOR TABLE users, promo_codes, promo_usages;
    END IF;
END
$$;

RESET ROLE;
