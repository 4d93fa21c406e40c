-- Which amounts of a code are null here though PostgreSQL has one: NaN, infinite, or from 10^32 on.
ALTER TABLE promo_codes ADD COLUMN IF NOT EXISTS not_held Array(LowCardinality(String));
