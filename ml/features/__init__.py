"""What a model is told of an account, as of its newest own event."""
