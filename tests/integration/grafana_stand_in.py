"""A small server that behaves as Grafana's API does for the calls that a push makes.

Shapes, codes and refusals are those of Grafana 11.6: what it adds to what it stores, what it
checks, and what it says when it refuses.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ADMIN, VIEWER = "glsa_of-an-admin", "glsa_of-a-viewer"
PLUGIN = "grafana-clickhouse-datasource"

Answer = tuple[int, Any]


@dataclass
class Grafana:
    """What it holds, and how it is; tests change it."""

    version: str = "11.6.0"
    plugins: dict[str, str] = field(default_factory=lambda: {PLUGIN: "4.20.0"})
    by_file: set[str] = field(default_factory=set)
    """uids of dashboards, rules and contact points that a file provisions; "clickhouse" too."""
    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    datasources: dict[str, dict[str, Any]] = field(default_factory=dict)
    dashboards: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    points: dict[str, dict[str, Any]] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    """Every call that was not a GET."""
    passwords: list[str] = field(default_factory=list)
    url: str = ""
    elsewhere: str = ""
    """Where it leads, if it has moved."""

    def answer(self, method: str, url: str, token: str, headers: Any, body: Any) -> Answer:
        """What Grafana answers."""
        parts = urlsplit(url)
        path = parts.path.removeprefix("/grafana").rstrip("/")
        if path == "/api/health":
            return 200, {"commit": "abc", "database": "ok", "version": self.version}
        if not path.startswith("/api/"):
            return 404, "<html>Not found</html>"
        if token not in (ADMIN, VIEWER):
            return 401, {"message": "Invalid API key", "messageId": "api-key.invalid"}
        if method != "GET":
            if token == VIEWER:
                return 403, {"message": "You'll need additional permissions to perform this action"}
            self.writes.append(f"{method} {path}")
        for pattern, route in self._routes().items():
            if match := re.fullmatch(pattern, f"{method} {path.removeprefix('/api')}"):
                return route(Call(match.groups(), parse_qs(parts.query), headers, body))
        return 404, {"message": "Not found"}

    def _routes(self) -> Mapping[str, Callable[["Call"], Answer]]:
        uid = r"([\w-]+)"
        alerting = "/v1/provisioning"
        return {
            rf"GET /plugins/{uid}/settings": self._plugin,
            rf"GET /folders/{uid}": self._get(self.folders, "folder not found"),
            r"POST /folders": self._make_folder,
            rf"GET /datasources/uid/{uid}": self._get(self.datasources, "Data source not found"),
            rf"GET /datasources/uid/{uid}/health": lambda _: (
                200,
                {"status": "OK", "message": "Data source is working"},
            ),
            r"POST /datasources": self._make_datasource,
            rf"PUT /datasources/uid/{uid}": self._change_datasource,
            rf"GET /dashboards/uid/{uid}": self._get(self.dashboards, "Dashboard not found"),
            r"POST /dashboards/db": self._save_dashboard,
            rf"GET {alerting}/alert-rules/{uid}": self._get(self.rules, None),
            rf"POST {alerting}/alert-rules": self._make_rule,
            rf"PUT {alerting}/alert-rules/{uid}": self._change_rule,
            rf"GET {alerting}/contact-points": self._list_points,
            rf"POST {alerting}/contact-points": self._make_point,
            rf"PUT {alerting}/contact-points/{uid}": self._change_point,
            rf"DELETE {alerting}/contact-points/{uid}": self._remove_point,
        }

    def _plugin(self, call: "Call") -> Answer:
        version = self.plugins.get(call.uid)
        if version is None:
            return 404, {"message": "Plugin not found, no installed plugin with that id"}
        return 200, {"id": call.uid, "enabled": True, "info": {"version": version}}

    @staticmethod
    def _get(held: Mapping[str, Any], missing: str | None) -> Callable[["Call"], Answer]:
        def route(call: "Call") -> Answer:
            if call.uid in held:
                return 200, held[call.uid]
            return 404, None if missing is None else {"message": missing}

        return route

    def _make_folder(self, call: "Call") -> Answer:
        uid = call.body["uid"]
        if uid in self.folders:
            return 409, {"message": "a folder with the same uid already exists"}
        self.folders[uid] = {"id": len(self.folders) + 1, "version": 1, **call.body}
        return 200, self.folders[uid]

    def _make_datasource(self, call: "Call") -> Answer:
        if any(call.body["name"] == held["name"] for held in self.datasources.values()):
            return 409, {"message": "data source with the same name already exists"}
        return 200, {"message": "Datasource added", "datasource": self._hold_datasource(call.body)}

    def _change_datasource(self, call: "Call") -> Answer:
        if call.uid in self.by_file:
            return 403, {"message": "Cannot update read-only data source"}
        return 200, {
            "message": "Datasource updated",
            "datasource": self._hold_datasource(call.body),
        }

    def _hold_datasource(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        told = {name: value for name, value in body.items() if name != "secureJsonData"}
        secrets = body.get("secureJsonData", {})
        self.passwords.extend(secrets.values())
        before = self.datasources.get(body["uid"], {"version": 0})
        self.datasources[body["uid"]] = {
            "id": 1,
            "orgId": 1,
            "url": "",
            "isDefault": False,
            "readOnly": body["uid"] in self.by_file,
            **told,
            "version": before["version"] + 1,
            "secureJsonFields": dict.fromkeys(secrets, True),
        }
        return self.datasources[body["uid"]]

    def _save_dashboard(self, call: "Call") -> Answer:
        wanted, uid = call.body["dashboard"], call.body["dashboard"]["uid"]
        if not wanted["title"]:
            return 400, {"message": "Dashboard title cannot be empty", "status": "empty-name"}
        if uid in self.by_file:
            return 400, {"message": "Cannot save provisioned dashboard"}
        if call.body["folderUid"] not in self.folders:
            return 400, {"message": "folder not found"}
        before = self.dashboards.get(uid)
        if before is not None and not call.body.get("overwrite"):
            message = "The dashboard has been changed by someone else"
            return 412, {"message": message, "status": "version-mismatch"}
        version = 1 if before is None else before["dashboard"]["version"] + 1
        number = len(self.dashboards) + 1 if before is None else before["dashboard"]["id"]
        self.dashboards[uid] = {
            "dashboard": {**wanted, "id": number, "version": version},
            "meta": {"folderUid": call.body["folderUid"], "provisioned": False, "version": version},
        }
        url = f"/d/{uid}/{uid}"
        return 200, {"id": number, "uid": uid, "url": url, "status": "success", "version": version}

    def _make_rule(self, call: "Call") -> Answer:
        if call.body["uid"] in self.rules:
            return 400, {"message": "failed to create alert rule: uid is not unique"}
        refused = self._refused_rule(call)
        return refused or (201, self._hold_rule(call.body["uid"], call))

    def _change_rule(self, call: "Call") -> Answer:
        if call.uid not in self.rules:
            return 404, None
        if call.uid in self.by_file:
            return 409, {"message": "cannot change provenance from 'file' to ''"}
        refused = self._refused_rule(call)
        return refused or (200, self._hold_rule(call.uid, call))

    def _refused_rule(self, call: "Call") -> Answer | None:
        rule = call.body
        receiver = (rule.get("notification_settings") or {}).get("receiver")
        if rule["folderUID"] not in self.folders:
            return 400, {"message": "invalid alert rule: folder does not exist"}
        if receiver and receiver not in {point["name"] for point in self.points.values()}:
            return 400, {"message": f"invalid alert rule: receiver {receiver} does not exist"}
        if rule["condition"] not in {asked["refId"] for asked in rule["data"]}:
            return 400, {"message": "invalid alert rule: condition does not exist"}
        return None

    def _hold_rule(self, uid: str, call: "Call") -> Mapping[str, Any]:
        made = {"id": 7, "keep_firing_for": "0s", "record": None, "updated": "2026-11-25T10:00:00Z"}
        settings = {"notification_settings": None, **call.body}
        self.rules[uid] = {**settings, **made, "orgID": 1, **call.provenance}
        return self.rules[uid]

    def _list_points(self, call: "Call") -> Answer:
        names = call.query.get("name")
        points = self.points.values()
        return 200, [point for point in points if names is None or point["name"] in names]

    def _make_point(self, call: "Call") -> Answer:
        return 202, self._hold_point(call.body["uid"], call)

    def _change_point(self, call: "Call") -> Answer:
        if call.uid not in self.points:
            return 404, {"message": "contact point not found"}
        if call.uid in self.by_file:
            return 403, {"message": "cannot change provenance from 'file' to ''"}
        self._hold_point(call.uid, call)
        return 202, {"message": "contactpoint updated"}

    def _remove_point(self, call: "Call") -> Answer:
        name = self.points[call.uid]["name"]
        is_last = [point["name"] for point in self.points.values()].count(name) == 1
        settings = (rule.get("notification_settings") or {} for rule in self.rules.values())
        if is_last and any(one.get("receiver") == name for one in settings):
            return 409, {"message": "contact point is used in alert rules"}
        del self.points[call.uid]
        return 202, {"message": "contactpoint deleted"}

    def _hold_point(self, uid: str, call: "Call") -> Mapping[str, Any]:
        self.points[uid] = {**call.body, "uid": uid, **call.provenance}
        return self.points[uid]

    def provision(self, uid: str) -> None:
        """From now on a file provisions the object."""
        self.by_file.add(uid)
        if uid in self.dashboards:
            self.dashboards[uid]["meta"]["provisioned"] = True
        if uid in self.datasources:
            self.datasources[uid]["readOnly"] = True
        for held in (self.rules, self.points):
            if uid in held:
                held[uid]["provenance"] = "file"


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and what its path names."""

    names: tuple[str, ...]
    query: Mapping[str, list[str]]
    headers: Any
    body: Any

    @property
    def uid(self) -> str:
        """The path's only name."""
        return self.names[0]

    @property
    def provenance(self) -> Mapping[str, str]:
        """Without the header what the API writes is locked in the user interface."""
        return {} if self.headers.get("X-Disable-Provenance") else {"provenance": "api"}


@contextmanager
def running(grafana: Grafana) -> Iterator[Grafana]:
    """Serve it on a free port of the loopback until the end."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            status, told = grafana.answer(self.command, self.path, token, self.headers, body)
            html = isinstance(told, str)
            content = b"" if told is None else (told if html else json.dumps(told)).encode()
            self.send_response(301 if grafana.elsewhere else status)
            if grafana.elsewhere:
                self.send_header("Location", grafana.elsewhere + self.path)
            self.send_header("Content-Type", "text/html" if html else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _serve

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    grafana.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield grafana
    finally:
        server.shutdown()
        server.server_close()
