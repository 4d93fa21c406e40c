-- Who are the ten that redeem most? Ties sort by id.
-- Hashes, which are narrow, sort out the many; what is shown is counted by the id itself. One more
-- hash than ids, as two of them could share one.
WITH
    busiest AS
    (
        SELECT user_hash
        FROM promo_usages FINAL
        WHERE
            -- include: chosen_redemptions
        GROUP BY user_hash
        ORDER BY count() DESC
        LIMIT 11 WITH TIES
    ),
    most AS
    (
        SELECT user_id, count() AS redemptions
        FROM promo_usages FINAL
        WHERE
            -- include: chosen_redemptions
            AND user_hash IN (SELECT user_hash FROM busiest)
        GROUP BY user_id
        ORDER BY redemptions DESC, user_id
        LIMIT 10
    )
SELECT
    user_id,
    redemptions - flagged AS others,
    if(user_id IN (SELECT user_id FROM standing_accounts), redemptions, 0) AS flagged
FROM most
ORDER BY redemptions DESC, user_id
