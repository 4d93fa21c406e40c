-- How many bytes of the write-ahead log before a position has the slot's reader yet to confirm?
SELECT greatest(0, pg_wal_lsn_diff($1::pg_lsn, confirmed_flush_lsn))::bigint
FROM pg_replication_slots
WHERE slot_name = $2 AND confirmed_flush_lsn IS NOT NULL
