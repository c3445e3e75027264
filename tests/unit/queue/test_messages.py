"""The envelope of queue messages."""

import json

import pytest

from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.rows import RowName
from chalicelib.queue.messages import from_text, to_text

NAME = RowName(consumer="corner-shirts", flow="a-b-to-c", record="Ü|7", step="add_payment")


@pytest.mark.parametrize(
    "message",
    [
        QueueMessage(name=NAME),
        QueueMessage(name=RowName(consumer="c", flow="f", record="r")),
        QueueMessage(name=NAME, handled=0),
        QueueMessage(name=NAME, handled=12),
    ],
    ids=["step", "no step", "handled 0", "handled 12"],
)
def test_message_survives_the_way_through_a_queue(message: QueueMessage) -> None:
    assert from_text(to_text(message)) == message


def test_envelope_holds_the_name_and_a_version_and_nothing_else() -> None:
    message = QueueMessage(name=RowName(consumer="c", flow="f", record="r"), delay_s=30)
    assert json.loads(to_text(message)) == {"v": 1, "consumer": "c", "flow": "f", "record": "r"}


def test_receipt_and_receives_are_those_of_the_delivery() -> None:
    read = from_text(to_text(QueueMessage(name=NAME)), receipt="r-1", receives=3)
    assert (read.receipt, read.receives) == ("r-1", 3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[1]", "no object"),
        ("{}", "version 1"),
        ('{"v": 2, "consumer": "c", "flow": "f", "record": "r"}', "version 1"),
        ('{"v": 1, "flow": "f", "record": "r"}', "no consumer"),
        ('{"v": 1, "consumer": "c", "flow": "", "record": "r"}', "no flow"),
        ('{"v": 1, "consumer": "c", "flow": "f", "record": 7}', "no record"),
        ('{"v": 1, "consumer": "c", "flow": "f", "record": "r", "step": 1}', "no step"),
        ('{"v": 1, "consumer": "c", "flow": "f", "record": "r", "handled": "1"}', "handled"),
        ('{"v": 1, "consumer": "c", "flow": "f", "record": "r", "handled": true}', "handled"),
    ],
)
def test_message_that_is_none_of_ours_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        from_text(text)
