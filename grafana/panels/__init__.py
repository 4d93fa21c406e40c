"""Panels as the dashboards use them: each with a title, what it tells, a query and a unit."""
