"""Everything into ClickHouse: source rows as profiles, scores, alerts, dead letters."""
