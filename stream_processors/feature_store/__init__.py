"""The feature store in Redis: one Lua call applies a batch and answers about its accounts."""
