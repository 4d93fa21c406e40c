"""Bringing dashboards, their datasource and alerts into a Grafana over its API."""
