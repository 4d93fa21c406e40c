"""From source events to risk scores and abuse alerts.

The walk of a registration: ``decode -> exchange -> score -> documents -> deliver -> settle``.
"""
