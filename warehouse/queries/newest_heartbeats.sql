-- Which heartbeat has come last, by partition?
SELECT partition, beat_us FROM heartbeats FINAL
