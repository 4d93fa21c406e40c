"""Dashboards: written in Python, generated as Grafana's JSON, shown by Grafana and by the API."""
