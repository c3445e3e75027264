"""The flows of a consumer: switch, settings, imports by hand."""

from datetime import datetime, timedelta

import click

from cli.arguments import period_options, read_settings, utc
from cli.client import Json
from cli.commands.executions import report_end
from cli.output import column, facts, heading, note, say, show, table
from cli.progress import follow
from cli.session import Session, command
from cli.text import ago, clean, pick, plain, span


@click.group()
def flows() -> None:
    """What is kept in step: switch, settings, imports."""


@command(flows, "list")
def list_flows(session: Session) -> None:
    """List the flows: on or off, ready or what is missing, the last run."""
    answer = session.api.join(session.path("flows"), {})
    columns = (
        column("Flow", name_of, whole=True),
        column("Switch", switch_of, whole=True),
        column("Ready", lambda item: plain(bool(item.get("ready"))), whole=True),
        column("Last run", lambda item: _last_run(session, item), whole=True),
        column("Missing", lambda item: "; ".join(missing_of(item))),
    )
    empty = "This consumer has no flows."
    show(session, answer, lambda: table(session, answer["items"], columns, empty=empty))


@command(flows, "show")
@click.argument("flow")
def show_flow(session: Session, flow: str) -> None:
    """Show one flow with its settings and what is missing."""
    answer = session.api.get(session.path("flows", flow))
    show(session, answer, lambda: _show_flow(session, answer))


@command(flows, "on")
@click.argument("flow")
def switch_on(session: Session, flow: str) -> None:
    """Switch a flow on."""
    _switch(session, flow, enabled=True)


@command(flows, "off")
@click.argument("flow")
def switch_off(session: Session, flow: str) -> None:
    """Switch a flow off; its rows stay."""
    _switch(session, flow, enabled=False)


@command(flows, "set")
@click.argument("flow")
@click.argument("settings", nargs=-1, required=True, metavar="NAME=VALUE...")
def set_flow(session: Session, flow: str, settings: tuple[str, ...]) -> None:
    """Change settings; NAME:=JSON writes a number, a list, true or null."""
    body = {"settings": read_settings(settings)}
    answer = session.api.put(session.path("flows", flow), body)
    show(session, answer, lambda: _show_flow(session, {"name": flow, **answer}))


@command(flows, "run")
@click.argument("flow")
@period_options
@click.option("--id", "ids", multiple=True, help="Import this record; may repeat.")
@click.option("--no-wait", is_flag=True, help="Start it and leave.")
def run_flow(
    session: Session,
    flow: str,
    since: datetime | timedelta | None,
    until: datetime | timedelta | None,
    ids: tuple[str, ...],
    *,
    no_wait: bool,
) -> None:
    """Import a period or given records now; exit code 1 when the run does not end well."""
    period = {"from": utc(since, session.now()), "to": utc(until, session.now())}
    given = {name: value for name, value in period.items() if value}
    if ids and given:
        raise click.UsageError("Give --id, or --from and --to, not both.")
    body: Json = {"ids": list(ids)} if ids else given
    started = session.api.post(session.path("flows", flow, "executions"), body)
    if no_wait:
        text = f"Started. `executions show {clean(started.get('id'))}` tells how it goes."
        show(session, started, lambda: say(session, text))
        return
    path = session.path("executions", str(started.get("id", "")))
    report_end(session, follow(session, path, f"Import {flow}"))


def name_of(item: Json) -> str:
    """Return a flow's name."""
    return clean(pick(item, "name", "flow", "id"))


def switch_of(item: Json) -> str:
    """Return where a flow's switch stands."""
    return "on" if item.get("enabled") else "off"


def missing_of(item: Json) -> list[str]:
    """Return what a flow lacks, each as a text."""
    missing = item.get("missing")
    if missing == [] and not item.get("ready") and not item.get("enabled"):
        return ["Nothing: `flows on` completes the set-up."]
    return [_missing_text(entry) for entry in missing] if isinstance(missing, list) else []


def _missing_text(entry: object) -> str:
    if isinstance(entry, dict):
        return plain(pick(entry, "sentence", "message") or entry)
    return plain(entry)


def _switch(session: Session, flow: str, *, enabled: bool) -> None:
    answer = session.api.put(session.path("flows", flow), {"enabled": enabled})
    show(session, answer, lambda: say(session, f"{flow} is {'on' if enabled else 'off'}."))
    if enabled and answer.get("ready") is False:
        lacking = "; ".join(missing_of(answer)) or "see `flows show`"
        note(session, f"It runs nothing before it is ready. Missing: {lacking}")


def _show_flow(session: Session, answer: Json) -> None:
    pairs = [
        ("Flow", name_of(answer)),
        ("Switch", switch_of(answer)),
        ("Ready", plain(bool(answer.get("ready")))),
        ("Last run", _last_run(session, answer)),
        ("Next poll", _next_poll(session, answer)),
        ("Oldest waiting", ago(answer.get("oldest_waiting_at"), session.now())),
    ]
    if answer.get("shares"):
        pairs.append(("Shares", f"mappings and settings of {clean(answer['shares'])}"))
    facts(session, pairs + [("Missing", text) for text in missing_of(answer)])
    settings = answer.get("settings")
    if isinstance(settings, dict) and settings:
        heading(session, "Settings")
        facts(session, ((clean(name), plain(value) or "-") for name, value in settings.items()))


def _last_run(session: Session, item: Json) -> str:
    """Say how the last run ended and when; a poll that finds nothing makes no execution."""
    last = item.get("last_execution")
    polled_at = item.get("last_polled_at")
    started_at = last.get("started_at") if isinstance(last, dict) else None
    if polled_at and str(polled_at) > str(started_at or ""):
        return f"Nothing new {ago(polled_at, session.now())}"
    if not isinstance(last, dict):
        return "never"
    return f"{clean(last.get('state'))} {ago(started_at, session.now())}".strip()


def _next_poll(session: Session, item: Json) -> str:
    """Say when the next poll begins and how often; nothing where none runs."""
    at = item.get("next_poll_at")
    if not at:
        return ""
    told = ago(at, session.now())
    often = item.get("polled_every_s")
    every = f", every {span(often)}" if isinstance(often, int) else ""
    return f"{told if told.startswith('in ') else 'due now'}{every}"
