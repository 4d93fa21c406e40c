-- The newest heartbeat of partitions `first` to `first + count`.
INSERT INTO heartbeats (partition, beat_us)
SELECT number, toUnixTimestamp64Micro({until:DateTime64(6, 'UTC')})
FROM numbers({first:UInt64}, {count:UInt64})
