"""The Debezium connector: its configuration, its registration, its watcher."""
