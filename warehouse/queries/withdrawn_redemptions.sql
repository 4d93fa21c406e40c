-- Which redemptions had these accounts once, and have them no more? What a row was before stands in
-- the files until it is merged away.
SELECT usage_id, max(version) AS removed_by
FROM promo_usages
WHERE usage_id IN (
    SELECT usage_id FROM promo_usages WHERE user_id IN {users:Array(String)}
)
GROUP BY usage_id
HAVING argMax(is_deleted, version) = 1
    OR argMax(user_id, version) NOT IN {users:Array(String)}
