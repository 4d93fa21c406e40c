-- Has PostgreSQL cut off log that the slot's reader has not read? No row while there is no slot.
SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = $1
