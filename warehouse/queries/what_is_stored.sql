-- How much is there, and how much of it stands out?
SELECT
    (SELECT count() FROM users FINAL) AS registrations,
    (SELECT count() FROM promo_codes FINAL) AS promo_codes,
    (SELECT count() FROM promo_usages FINAL WHERE used_promo IS NOT FALSE) AS redemptions,
    (SELECT count() FROM promo_usages FINAL WHERE used_promo IS FALSE) AS refused_attempts,
    (
        SELECT count()
        FROM promo_usages FINAL
        WHERE used_promo IS NOT FALSE AND user_id NOT IN (SELECT user_id FROM users FINAL)
    ) AS redemptions_without_account,
    (SELECT uniqExact(user_id) FROM risk_scores FINAL) AS scored_accounts,
    (SELECT count() FROM dead_letters FINAL) AS dead_letters
