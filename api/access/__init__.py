"""Who may ask: keys and their scopes, how often, and how large."""
