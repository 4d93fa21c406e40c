-- Which of an account's identifiers identify nobody, and why: kind|form|hash of the value.
ALTER TABLE users ADD COLUMN IF NOT EXISTS placeholders Array(String);
