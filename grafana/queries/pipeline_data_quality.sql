-- What is odd in the data that is stored, and what did loads refuse?
-- Rows as they stand now, and of each folder that was loaded the newest load; whoever loads twice
-- has duplicates. An age is that in years of the calendar, as only the year of birth is known here.
WITH refused AS
(
    SELECT file.1 AS name, file.2 AS counts, codes_in_conflict
    FROM
    (
        SELECT
            argMax(detail, at) AS newest,
            JSONExtractUInt(newest, 'codes_in_conflict') AS codes_in_conflict,
            arrayJoin(JSONExtractKeysAndValuesRaw(newest, 'files')) AS file
        FROM audit_log FINAL
        WHERE action = 'load'
        GROUP BY subject
    )
)
SELECT found.1 AS quality_check, toUInt64(found.2) AS rows, found.3 AS meaning
FROM
(
    SELECT arrayJoin([
        ('registrations without e-mail', countIf(email IS NULL), 'no link through a mailbox'),
        ('registrations without phone', countIf(phone IS NULL), 'no link through a phone'),
        ('registrations without device', countIf(device IS NULL), 'no link through a device'),
        ('registrations without address', countIf(ip IS NULL), 'no IP address, or none that is valid'),
        ('private IP addresses', countIf(ip_is_private), 'not from the internet: behind a proxy, or made up'),
        ('under 18 at sign-up', countIf(toYear(created_at) - birth_year < 18), 'by the year of birth alone'),
        ('over 90 at sign-up', countIf(toYear(created_at) - birth_year > 90), 'by the year of birth alone')
    ]) AS found
    FROM users FINAL

    UNION ALL

    SELECT
    (
        concat(kind, ' that identifies nobody: ', form),
        count(),
        concat(toString(uniqExact(value)), ' value(s), the commonest ', substring(topK(1)(value)[1], 1, 8), '; links nobody')
    ) AS found
    FROM
    (
        SELECT splitByChar('|', arrayJoin(placeholders)) AS parts, parts[1] AS kind, parts[2] AS form, parts[3] AS value
        FROM users FINAL
    )
    GROUP BY kind, form

    UNION ALL

    SELECT arrayJoin([
        (
            'redemptions without account',
            countIf(user_hash NOT IN (SELECT user_hash FROM users FINAL)),
            'stored and counted, nobody to score'
        ),
        (
            'redemptions of unknown codes',
            countIf(canonical_code NOT IN (SELECT canonical_code FROM promo_codes FINAL)),
            'their value cannot be told'
        )
    ]) AS found
    FROM promo_usages FINAL

    UNION ALL

    SELECT arrayJoin([
        (
            'unknown discount types',
            countIf(ifNull(discount_type, '') NOT IN ('fixed_amount', 'percentage')),
            'codes whose value cannot be told'
        ),
        (
            'discounts above the minimum purchase',
            countIf(discount_type = 'fixed_amount' AND discount_value > min_purchase_amount),
            'fixed ones, that pay for more than what must be bought'
        ),
        (
            'codes defined in several writings',
            toUInt64(count() - uniqExact(canonical_code)),
            'rows too many: of one code the terms of the smallest writing hold'
        )
    ]) AS found
    FROM promo_codes FINAL

    UNION ALL

    SELECT (
        'codes in conflict',
        sumIf(codes_in_conflict, name = 'promo_codes.csv'),
        'defined in more than one way; the first one stands'
    ) AS found
    FROM refused

    UNION ALL

    SELECT (
        'lines loaded before',
        sum(JSONExtractUInt(counts, 'duplicates')),
        'the same row is there already'
    ) AS found
    FROM refused

    UNION ALL

    SELECT (concat('lines refused: ', reason.1), sum(reason.2), concat('in ', name)) AS found
    FROM refused
    ARRAY JOIN JSONExtractKeysAndValues(counts, 'rejected', 'UInt64') AS reason
    GROUP BY reason.1, name
)
ORDER BY rows DESC, quality_check
