-- How many bytes of the write-ahead log does the slot keep PostgreSQL from removing, and how many
-- has its reader yet to confirm?
SELECT
    greatest(0, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::bigint,
    greatest(0, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn))::bigint
FROM pg_replication_slots
WHERE slot_name = $1 AND restart_lsn IS NOT NULL AND confirmed_flush_lsn IS NOT NULL
