-- Which values do so many accounts share that they identify nobody, and who says so?
SELECT
    multiIf(kind = 'email', 'mailbox', kind) AS identifier,
    substring(hash, 1, 8) AS value,
    accounts,
    multiIf(whose = 'analyst', said_by, 'measured') AS decided_by,
    since,
    reason
FROM uncounted_identifiers
ORDER BY accounts DESC, kind, hash
LIMIT 200
