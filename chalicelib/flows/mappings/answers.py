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
    table = planning.mappings.get(name) or MappingTable(consumer="", flow="", name=name)
    answer = table.find(value, record=record)
    if answer is None:
        flow = table.flow or planning.shared_flow or planning.flow
        raise SyncFailure(Reason.NEEDS_MAPPING, sentence, cause=mapping_cause(flow, name, value))
    return answer


def found_answer(planning: Planning, name: str, value: str) -> str | None:
    """Return the merchant's answer for a source value, or None where there need not be one."""
    table = planning.mappings.get(name)
    return table.find(value) if table is not None else None


def setting(planning: Planning, name: str, *, sentence: str) -> str:
    """Return a setting of the flow.

    Raises:
        SyncFailure: it is not set; the row is held under exactly this setting.
    """
    value = planning.settings.get(name)
    if value in (None, ""):
        raise SyncFailure(Reason.NEEDS_SETTINGS, sentence, cause=setting_cause(planning.flow, name))
    return str(value)


def shared_setting(planning: Planning, name: str, *, sentence: str) -> str:
    """Return a setting of the flow whose answers this one uses.

    Raises:
        SyncFailure: it is not set; the row is held under exactly that flow's setting.
    """
    value = planning.shared_settings.get(name)
    if value in (None, ""):
        cause = setting_cause(planning.shared_flow, name)
        raise SyncFailure(Reason.NEEDS_SETTINGS, sentence, cause=cause)
    return str(value)
