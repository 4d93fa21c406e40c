-- Which codes may be chosen? Those that are defined.
SELECT promo_code FROM promo_codes FINAL ORDER BY promo_code
