-- What does each authority say of each identifier, as it stands?
SELECT kind, hash, authority, identifies, version, decided_by, why, shared_by
FROM identifier_decisions FINAL
ORDER BY kind, hash, authority
