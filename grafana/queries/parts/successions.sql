-- Every sample with the one of its series before it.
SELECT
    labels,
    sampled_at,
    value,
    lagInFrame(value) OVER series AS before,
    lagInFrame(sampled_at) OVER series AS before_at
FROM samples
WINDOW series AS (PARTITION BY part, labels ORDER BY sampled_at)
