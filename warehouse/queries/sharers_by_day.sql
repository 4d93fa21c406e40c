-- On which days did the accounts with one identifier sign up, and how many each day?
SELECT toInt32(toDate(assumeNotNull(created_at))) AS day, count() AS accounts
FROM users FINAL
WHERE created_at IS NOT NULL
    AND multiIf({kind:String} = 'device', device, {kind:String} = 'phone', phone, canonical_email)
        = {hash:String}
GROUP BY day
ORDER BY day
