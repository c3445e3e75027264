"""The whole command line, put together."""

import click

from cli.commands.connect import connect
from cli.commands.consumers import consumers
from cli.commands.diagnosis import add_diagnosis
from cli.commands.dlq import dlq
from cli.commands.doctor import add_doctor
from cli.commands.executions import executions
from cli.commands.export import add_export
from cli.commands.flows import flows
from cli.commands.groups import add_groups
from cli.commands.history import add_history
from cli.commands.keys import keys
from cli.commands.logs import logs
from cli.commands.mappings import mappings
from cli.commands.report import add_report
from cli.commands.transactions import transactions
from cli.session import common_options


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@common_options
def synclog() -> None:
    """Operate Synclog: look at the log, act on it, set merchants up.

    Without --url, --key, SYNCLOG_URL and SYNCLOG_KEY, what a running demo wrote to var/demo.json
    is used. Exit codes: 0 done, 1 the API said no or what was started ended badly, 2 a mistake in
    the command, 3 nothing answers.
    """


for _group in (consumers, connect, flows, mappings, logs, executions, transactions, dlq, keys):
    synclog.add_command(_group)
add_groups(synclog)
add_history(synclog)
add_export(synclog)
add_report(synclog)
add_diagnosis(synclog)
add_doctor(synclog)
