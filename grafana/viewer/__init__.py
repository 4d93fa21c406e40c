"""The built-in page: the generated dashboards without Grafana.

What a dashboard says (:mod:`grafana.viewer.board`), what its SQL means with a period and choices
(:mod:`grafana.viewer.macros`), and the files that a browser gets (``static/``). No clients: the
API asks and serves.
"""
