-- Which codes may be chosen? Those that are defined; a code with several writings by the smallest.
SELECT promo_code FROM code_worth ORDER BY promo_code
