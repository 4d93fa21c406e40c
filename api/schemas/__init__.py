"""What goes in and out, with examples: the models behind the OpenAPI document."""
