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
