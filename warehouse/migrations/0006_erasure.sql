-- Which row a decision was made about: an erasure ends what was decided about older ones.
ALTER TABLE labels ADD COLUMN IF NOT EXISTS about UInt64;

ALTER TABLE link_decisions ADD COLUMN IF NOT EXISTS about UInt64;

-- What an erasure rewrites leaves the disk within minutes, and with it the statements that did it.
ALTER TABLE users MODIFY SETTING old_parts_lifetime = 60, finished_mutations_to_keep = 1;

ALTER TABLE promo_usages MODIFY SETTING old_parts_lifetime = 60, finished_mutations_to_keep = 1;

ALTER TABLE risk_scores MODIFY SETTING old_parts_lifetime = 60, finished_mutations_to_keep = 1;

ALTER TABLE abuse_alerts MODIFY SETTING old_parts_lifetime = 60, finished_mutations_to_keep = 1;

ALTER TABLE labels MODIFY SETTING old_parts_lifetime = 60, finished_mutations_to_keep = 1;

ALTER TABLE link_decisions MODIFY SETTING old_parts_lifetime = 60, finished_mutations_to_keep = 1;
