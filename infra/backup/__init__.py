"""Backup and restore of every store: ``python -m infra.backup save|restore``.

A backup is a cold, physical copy of all stores, taken at one moment at which nothing runs. The
version of a row is PostgreSQL's position in its log (LSN), and Redis, ClickHouse and Debezium
remember positions too: a dump that is read into a new cluster would begin at lower ones, and
every later change would be ignored as an old one. Copied together, all of them fit each other.
"""
