"""ClickHouse's HTTP interface over chDB, for machines that have no ClickHouse server.

One process owns the data folder; clickhouse-connect, clickhouse-go and Grafana's plugin
talk to it as to a server. It has no sessions, temporary tables, TCP port, TLS or
``query_log``.
"""
