"""What we know without a model: rules about links and speed, on everything known."""
