"""Comparing PostgreSQL with ClickHouse and Redis while traffic runs, and mending what differs."""
