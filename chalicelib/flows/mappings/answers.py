"""What a merchant answered: mapped values and settings, or the hold that asks for them."""

from chalicelib.domain.causes import mapping_cause, setting_cause
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import MappingTable
from chalicelib.flows.declare import Planning


def mapped(
    planning: Planning, name: str, value: str, *, sentence: str, record: str | None = None
) -> str:
    """Return the merchant's answer for a source value.

    Raises:
        SyncFailure: there is none; the row is held under exactly this value. ``sentence`` says what
            is
            missing, in the merchant's words.
    """
    table = planning.mappings.get(name) or MappingTable(consumer="", flow=planning.flow, name=name)
    answer = table.find(value, record=record)
    if answer is None:
        cause = mapping_cause(planning.flow, name, value)
        raise SyncFailure(Reason.NEEDS_MAPPING, sentence, cause=cause)
    return answer


def setting(planning: Planning, name: str, *, sentence: str) -> str:
    """Return a setting of the flow.

    Raises:
        SyncFailure: it is not set; the row is held under exactly this setting.
    """
    value = planning.settings.get(name)
    if value in (None, ""):
        raise SyncFailure(Reason.NEEDS_SETTINGS, sentence, cause=setting_cause(planning.flow, name))
    return str(value)
