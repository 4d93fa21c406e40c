"""The REST interface: what a checkout and an analyst ask, over HTTP.

The walk of a request: ``observe -> access -> a route -> the feature store, the pure core``.
"""
