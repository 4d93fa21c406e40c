"""Who is well: looks at every part every few seconds, keeps what it saw, revives the connector."""
