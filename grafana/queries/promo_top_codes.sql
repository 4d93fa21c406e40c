-- Which ten codes are redeemed most, by accounts whose alert stands now and by others? All writings
-- of a code are one: shown is the one that is defined, else the commonest, of equals the smallest.
-- Ties sort by canonical code.
WITH
    most AS
    (
        SELECT canonical_code
        FROM promo_usages FINAL
        WHERE
            -- include: chosen_redemptions
        GROUP BY canonical_code
        ORDER BY count() DESC, canonical_code
        LIMIT 10
    ),
    written AS
    (
        SELECT
            canonical_code,
            promo_code AS writing,
            count() AS times,
            countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) AS times_flagged
        FROM promo_usages FINAL
        WHERE
            -- include: chosen_redemptions
            AND canonical_code IN (SELECT canonical_code FROM most)
        GROUP BY canonical_code, promo_code
    ),
    busiest AS
    (
        SELECT
            canonical_code,
            argMin(writing, (-toInt64(times), writing)) AS commonest,
            sum(times) AS redemptions,
            sum(times_flagged) AS flagged
        FROM written
        GROUP BY canonical_code
    )
SELECT
    if(worth.promo_code = '', commonest, worth.promo_code) AS promo_code,
    redemptions - flagged AS others,
    flagged
FROM busiest
LEFT JOIN code_worth AS worth ON worth.canonical_code = busiest.canonical_code
ORDER BY redemptions DESC, busiest.canonical_code
