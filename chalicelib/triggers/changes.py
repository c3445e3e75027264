"""The reader of the log table's stream: counts, groups and search words follow what was written.

Packaging puts in the stream's own ARN and which changes are sent at all. A batch that failed comes
again whole, before anything that was written later; so there is no partial answer here.
"""

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib import wiring

changes = Blueprint(__name__)

#: A placeholder, as those of the queues.
STREAM_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/synclog-log/stream/placeholder"


@changes.on_dynamodb_record(
    stream_arn=STREAM_ARN,
    name="follow_changes",
    batch_size=1000,
    starting_position="TRIM_HORIZON",
    maximum_batching_window_in_seconds=2,
)
def follow_changes(event: DynamoDBEvent) -> None:
    """Follow one batch of changes."""
    wiring.follow_changes(event.to_dict()["Records"])
