-- A transaction that changes nothing. After a restart Debezium confirms no position before it has
-- seen a transaction: heartbeats are none, and a load that finds all its rows there makes none.
-- The connector drops the message like its own heartbeats.
SELECT pg_logical_emit_message(true, 'heartbeat', 'drain')
