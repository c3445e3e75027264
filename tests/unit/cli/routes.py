"""The calls of the stand-in, one function each; importing it fills the table of routes."""

from typing import Any

from tests.unit.cli.stand_in import CONSUMER, Json, RefusalError, StandIn, Text, route

Query = dict[str, list[str]]
Answer = tuple[int, Json]


@route("GET", "/v1/health")
def health(api: StandIn, **_: Any) -> Answer:
    return 200, {"status": api.health}


@route("GET", "/v1/consumers")
def list_consumers(api: StandIn, query: Query, **_: Any) -> Answer:
    text = query.get("q", [""])[0].lower()
    found = [each for each in api.consumers.values() if text in each["name"].lower()]
    return 200, api.page(found, query)


@route("POST", "/v1/consumers")
def add_consumer(api: StandIn, body: Json, **_: Any) -> Answer:
    if body["time_zone"].count("/") != 1:
        details = {"time_zone": "is no IANA name", "id": ["too short", "has blanks"]}
        raise RefusalError(422, "invalid", "The consumer cannot be made.", details)
    api.consumers[body["id"]] = body
    return 201, body


@route("GET", "$C")
def show_consumer(api: StandIn, **_: Any) -> Answer:
    return 200, api.consumers[CONSUMER]


@route("DELETE", "$C")
def delete_consumer(api: StandIn, **_: Any) -> Answer:
    del api.consumers[CONSUMER]
    return 204, {}


@route("GET", "/v1/platforms")
def list_platforms(api: StandIn, query: Query, **_: Any) -> Answer:
    return 200, api.page(api.platforms, query)


@route("GET", "$C/connections/{name}/choices/{what}")
def list_choices(api: StandIn, name: str, what: str, **_: Any) -> Answer:
    if what not in api.choices:
        raise RefusalError(404, "not_found", f"Known are: {', '.join(api.choices)}.")
    return 200, api.choices[what]


@route("GET", "$C/connections")
def list_connections(api: StandIn, query: Query, **_: Any) -> Answer:
    return 200, api.page(list(api.connections.values()), query)


@route("GET", "$C/connections/{name}")
def show_connection(api: StandIn, name: str, **_: Any) -> Answer:
    return 200, _found(api.connections, name)


@route("PUT", "$C/connections/{name}")
def set_connection(api: StandIn, name: str, body: Json, **_: Any) -> Answer:
    api.credentials.setdefault(name, {}).update(body.pop("credentials"))
    api.connections[name] = {"name": name, "health": "not checked", **body}
    return 200, api.connections[name]


@route("DELETE", "$C/connections/{name}")
def remove_connection(api: StandIn, name: str, **_: Any) -> Answer:
    _found(api.connections, name)
    del api.connections[name]
    return 204, {}


@route("POST", "$C/connections/{name}/check")
def check_connection(api: StandIn, name: str, **_: Any) -> Answer:
    connection = _found(api.connections, name)
    good = api.credentials.get(name, {}).get("token") != "revoked"
    detail = "" if good else "The platform refuses the token."
    connection["health"] = {"status": "healthy" if good else "down", "detail": detail}
    return 200, connection


@route("GET", "$C/flows")
def list_flows(api: StandIn, query: Query, **_: Any) -> Answer:
    return 200, api.page(list(api.flows.values()), query)


@route("GET", "$C/flows/{flow}")
def show_flow(api: StandIn, flow: str, **_: Any) -> Answer:
    return 200, _found(api.flows, flow)


@route("PUT", "$C/flows/{flow}")
def set_flow(api: StandIn, flow: str, body: Json, **_: Any) -> Answer:
    found = _found(api.flows, flow)
    found["settings"].update(body.pop("settings", {}))
    found.update(body)
    return 200, found


@route("POST", "$C/flows/{flow}/executions")
def run_flow(api: StandIn, flow: str, body: Json, **_: Any) -> Answer:
    _found(api.flows, flow)
    if any(run["state"] == "Running" for run in api.runs.values()):
        raise RefusalError(409, "running", "One runs already.", {"execution": "run-1"})
    api.flows[flow]["imported"] = body
    failed = 1 if "bad" in body.get("ids", []) else 0
    return 202, {"id": api.start_run(flow, len(body.get("ids", [])) or 5, failed=failed)["id"]}


@route("GET", "$C/executions")
def list_executions(api: StandIn, query: Query, **_: Any) -> Answer:
    return 200, api.page(list(api.runs.values()), query)


@route("GET", "$C/flows/{flow}/executions")
def list_flow_executions(api: StandIn, flow: str, query: Query, **_: Any) -> Answer:
    return 200, api.page([run for run in api.runs.values() if run["flow"] == flow], query)


@route("GET", "$C/executions/{run}")
def show_execution(api: StandIn, run: str, **_: Any) -> Answer:
    return 200, _found(api.runs, run)


@route("GET", "$C/mappings")
def list_mappings(api: StandIn, query: Query, **_: Any) -> Answer:
    return 200, api.page(list(api.mappings.values()), query)


@route("GET", "$C/mappings/{flow}/{name}")
def show_mapping(api: StandIn, flow: str, name: str, **_: Any) -> Answer:
    return 200, _found(api.mappings, (flow, name))


@route("PUT", "$C/mappings/{flow}/{name}")
def set_mapping(api: StandIn, flow: str, name: str, body: Json, **_: Any) -> Answer:
    found = _found(api.mappings, (flow, name))
    for source, target in body["entries"].items():
        found["entries"].pop(source, None)
        if target is not None:
            found["entries"][source] = target
    found["default"] = body.get("default", found["default"])
    found["unmapped"] = [
        each for each in found["unmapped"] if each["value"] not in found["entries"]
    ]
    return 200, found


@route("GET", "$C/logs")
def list_rows(api: StandIn, query: Query, **_: Any) -> Answer:
    return 200, api.page(api.matching(query), query)


@route("GET", "$C/logs/{row}")
def show_row(api: StandIn, row: str, **_: Any) -> Answer:
    return 200, _found(api.details, row)


@route("GET", "$C/report")
def show_report(api: StandIn, query: Query, **_: Any) -> Answer:
    kinds = query.get("kind")
    items = [each for each in api.report["items"] if kinds is None or each["kind"] in kinds]
    days = api.report["days"][-int(query["days"][0]) :]
    return 200, {**api.report, "days": days, "items": items}


@route("GET", "$C/diagnosis")
def diagnose(api: StandIn, query: Query, **_: Any) -> Answer:
    asked = [query[name][0] for name in ("flow", "record", "date") if name in query]
    return 200, _found(api.diagnoses, " ".join(asked))


@route("GET", "$C/logs/{row}/diagnosis")
def diagnose_row(api: StandIn, row: str, **_: Any) -> Answer:
    return 200, _found(api.diagnoses, row)


@route("POST", "$C/logs/{row}/resync")
def resync_row(api: StandIn, row: str, **_: Any) -> Answer:
    found = _found({each["id"]: each for each in api.rows}, row)
    found["status"] = "Pending"
    return 202, found


@route("POST", "$C/resyncs")
def resync(api: StandIn, body: Json, **_: Any) -> Answer:
    asked = {
        name: value if isinstance(value, list) else [value]
        for name, value in body["filter"].items()
    }
    rows = api.matching({"status": ["Failed"], **asked})
    if body["dry_run"]:
        return 200, {"count": len(rows), "exact": True}
    for row in rows:
        row["status"] = "Pending"
    return 202, {"id": api.start_run("", len(rows), trigger="resync")["id"]}


@route("GET", "$C/resyncs/{run}")
def show_resync(api: StandIn, run: str, **_: Any) -> Answer:
    return 200, _found(api.runs, run)


@route("POST", "$C/resyncs/{run}/cancel")
def cancel_resync(api: StandIn, run: str, **_: Any) -> Answer:
    _found(api.runs, run)["state"] = "Cancelled"
    return 202, api.runs[run]


@route("GET", "$C/groups")
def list_groups(api: StandIn, query: Query, **_: Any) -> Answer:
    return 200, api.page(api.groups, query)


@route("GET", "$C/export.csv")
def export(api: StandIn, query: Query, **_: Any) -> tuple[int, Text]:
    page = api.page(api.matching(query), query)
    lines = [f"{row['record']},{row['columns'].get('name', '')}\r\n" for row in page["items"]]
    head = "" if "cursor" in query else "\ufeffrecord,name\r\n"
    headers = {"Content-Type": "text/csv; charset=utf-8", "X-Synclog-Rows": str(len(lines))}
    if page["next"]:
        headers["X-Synclog-Next"] = page["next"]
    return 200, Text(head + "".join(lines), headers)


@route("GET", "$C/transactions")
def list_transactions(api: StandIn, query: Query, **_: Any) -> Answer:
    begin, end = query.get("from", [""])[0], query.get("to", ["9"])[0]
    found = [call for call in api.transactions if begin <= call["at"] < end]
    for name, field in (("platform", "platform"), ("code", "status"), ("execution", "execution")):
        if query.get(name):
            found = [call for call in found if str(call[field] or "none") in query[name]]
    return 200, api.page(found, query)


@route("GET", "$C/transactions/{call}")
def show_transaction(api: StandIn, call: str, **_: Any) -> Answer:
    return 200, _found({each["id"]: each for each in api.transactions}, call)


@route("GET", "$C/history")
def list_history(api: StandIn, query: Query, **_: Any) -> Answer:
    return 200, api.page(api.history, query)


@route("GET", "/v1/dlq")
def show_dlq(api: StandIn, query: Query, **_: Any) -> Answer:
    counts = {"records": len(api.letters), "stock": 0}
    failed = [each for each in api.letters if each["reason"] != "recovered"]
    oldest_at = min((each["failed_at"] for each in failed), default=None)
    return 200, {**api.page(failed, query), "counts": counts, "oldest_at": oldest_at}


@route("POST", "/v1/dlq/redrive")
def redrive(api: StandIn, body: Json, **_: Any) -> Answer:
    wanted = body.get("consumer")
    taken = [each for each in api.letters if wanted in (None, each["consumer"])][: body["max"]]
    api.letters = [each for each in api.letters if each not in taken]
    dropped = sum(each["reason"] == "recovered" for each in taken)
    return 200, {"received": len(taken), "requested": len(taken) - dropped, "dropped": dropped}


@route("POST", "/v1/dlq/prune")
def prune(api: StandIn, **_: Any) -> Answer:
    kept = [each for each in api.letters if each["reason"] != "recovered"]
    deleted, api.letters = len(api.letters) - len(kept), kept
    return 200, {"deleted": deleted}


@route("GET", "/v1/keys")
def list_keys(api: StandIn, query: Query, **_: Any) -> Answer:
    return 200, api.page(list(api.keys.values()), query)


@route("POST", "/v1/keys")
def create_key(api: StandIn, body: Json, **_: Any) -> Answer:
    made = {"id": f"k{len(api.keys) + 1}", **body}
    api.keys[made["id"]] = made
    return 201, {**made, "key": "sk-shown-once"}


@route("DELETE", "/v1/keys/{key}")
def revoke_key(api: StandIn, key: str, **_: Any) -> Answer:
    _found(api.keys, key)
    del api.keys[key]
    return 204, {}


def _found(things: dict[Any, Json], name: Any) -> Json:
    if name not in things:
        raise RefusalError(404, "not_found", "There is no such thing.")
    return things[name]
