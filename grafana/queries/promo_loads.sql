SELECT at AS loaded_at, subject AS file, 0 AS accepted, 0 AS duplicates, 0 AS conflicts, 0 AS otherwise_rejected FROM audit_log FINAL WHERE action = 'load'
