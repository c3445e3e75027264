"""Is everything reachable and set up? One line for each thing looked at, and what to do."""

from collections.abc import Iterator
from functools import partial

import click
from rich.text import Text

from cli.client import Json, path_of
from cli.commands.checkup import check_consumer
from cli.commands.findings import Finding, check_address, check_key, check_letters, guarded
from cli.errors import RefusedError
from cli.output import STYLES, show
from cli.session import Session, command
from cli.text import clean


def add_doctor(parent: click.Group) -> None:
    """Add the command ``doctor``."""
    command(parent, "doctor")(doctor)


def doctor(session: Session) -> None:
    """Look at everything: address, key, connections, flows, waiting rows, dead letters.

    Looks at every consumer the key may see, or at the one that --consumer names. Exit code 1 when
    something fails, 3 when nothing answers.
    """
    findings = list(_look(session))
    failed = [finding for finding in findings if finding.level == "fail"]
    answer: Json = {"ok": not failed, "checks": [finding.to_json() for finding in findings]}
    show(session, answer, lambda: _show(session, findings))
    if failed:
        raise RefusedError(f"{len(failed)} of {len(findings)} checks failed.")


def _look(session: Session) -> Iterator[Finding]:
    yield from guarded("API", partial(check_address, session))
    try:
        consumers = _consumers_of(session)
    except (RefusedError, click.UsageError) as error:
        todo = "Make one with `keys create`, or take the one the first start printed."
        yield Finding(level="fail", what="Key", found=clean(error.message), todo=todo)
        return
    yield from guarded("Key", partial(check_key, session, next(iter(consumers), None)))
    if not consumers:
        todo = "`consumers add` makes the first one."
        yield Finding(level="warn", what="Consumers", found="None yet.", todo=todo)
    for consumer in consumers:
        yield from check_consumer(session, consumer)
    yield from guarded("Dead letters", partial(check_letters, session))


def _consumers_of(session: Session) -> list[str]:
    """Return the consumers to look at: the named one, else all the key may list, else its own."""
    if session.given_consumer:
        session.api.get(session.path())
        return [session.given_consumer]
    try:
        listed = session.api.join(path_of("consumers"), {})["items"]
    except RefusedError as error:
        if error.status != 403 or not session.consumer:
            raise
        return [session.consumer]
    return [clean(item.get("id")) for item in listed]


def _show(session: Session, findings: list[Finding]) -> None:
    for finding in findings:
        line = Text().append(f"{finding.level:<6}", style=STYLES[finding.level])
        line.append(f"{finding.what}: ", style="bold").append(clean(finding.found))
        session.out.print(line, soft_wrap=True)
        if finding.todo:
            session.out.print(Text(f"      {clean(finding.todo)}"), soft_wrap=True)
