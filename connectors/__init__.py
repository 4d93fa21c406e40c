"""How a row leaves PostgreSQL, and what an event is.

The lowest layer: settings, topics, events, errors, the envelope decoder and the
privacy boundary. It imports no other package of this project.
"""
