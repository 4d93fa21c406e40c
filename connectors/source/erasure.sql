-- Erasing an account, and the receipts of it. Idempotent; run by a superuser after schema.sql.
-- Receipts are not in the publication: no part of the pipeline reads them.

SET ROLE promo_owner;

CREATE TABLE IF NOT EXISTS erasures (
    receipt_id   uuid PRIMARY KEY,
    user_id      text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    -- Position in the write-ahead log before the deletion: its event has this version or a later.
    version      bigint NOT NULL,
    -- Whether there was a row in users; a redemption may have come without one.
    registered   boolean NOT NULL
);
CREATE INDEX IF NOT EXISTS erasures_of_user ON erasures USING hash (user_id);

-- Delete an account's rows and write a receipt, in the caller's transaction. Of an account that
-- has no rows the newest receipt is answered, and no row where it has none.
CREATE OR REPLACE FUNCTION erase_account(account text, asked_by text, receipt uuid)
RETURNS SETOF erasures
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was_registered boolean;
    position_before bigint;
BEGIN
    -- Locked first: whatever changes the row afterwards has a later position.
    PERFORM FROM public.users WHERE user_id = account FOR UPDATE;
    was_registered := FOUND;
    position_before := pg_current_wal_insert_lsn() - '0/0'::pg_lsn;
    DELETE FROM public.promo_usages WHERE user_id = account;
    IF was_registered OR FOUND THEN
        DELETE FROM public.users WHERE user_id = account;
        RETURN QUERY
            INSERT INTO public.erasures
            VALUES (receipt, account, asked_by, now(), position_before, was_registered)
            RETURNING *;
    ELSE
        RETURN QUERY
            SELECT * FROM public.erasures
            WHERE user_id = account ORDER BY requested_at DESC LIMIT 1;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION erasure_receipt(receipt uuid) RETURNS SETOF erasures
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM public.erasures WHERE receipt_id = receipt
$$;

REVOKE EXECUTE ON FUNCTION erase_account, erasure_receipt, withdraw_redemptions FROM PUBLIC;

RESET ROLE;
