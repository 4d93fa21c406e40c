-- How many codes have an amount that no store can hold, so that it counts as unknown?
SELECT count() AS codes FROM promo_codes FINAL WHERE notEmpty(not_held)
