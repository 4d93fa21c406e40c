-- How many registrations and redemptions are dated before there were online shops, or after tomorrow?
SELECT
    (
        SELECT count() FROM users FINAL
        WHERE created_at < toDateTime64('1990-01-01 00:00:00', 6, 'UTC') OR created_at > now64(6) + INTERVAL 1 DAY
    ) + (
        SELECT count() FROM promo_usages FINAL
        WHERE used_at < toDateTime64('1990-01-01 00:00:00', 6, 'UTC') OR used_at > now64(6) + INTERVAL 1 DAY
    ) AS rows
