SELECT 0 AS codes
