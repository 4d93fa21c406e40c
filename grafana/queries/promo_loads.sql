-- What did loads take and refuse, file by file, the newest first?
SELECT
    at AS loaded_at,
    concat(subject, '/', counted.1) AS file,
    JSONExtractUInt(counted.2, 'accepted') AS accepted,
    JSONExtractUInt(counted.2, 'duplicates') AS duplicates,
    arraySum(r -> r.2, JSONExtractKeysAndValues(counted.2, 'rejected', 'UInt64')) AS rejected,
    arrayStringConcat(
        arrayMap(
            r -> concat(toString(r.2), ' ', r.1),
            JSONExtractKeysAndValues(counted.2, 'rejected', 'UInt64')
        ),
        '; '
    ) AS because
FROM
(
    SELECT at, subject, arrayJoin(JSONExtractKeysAndValuesRaw(detail, 'files')) AS counted
    FROM audit_log FINAL
    WHERE action = 'load'
)
ORDER BY loaded_at DESC, file
LIMIT 100
