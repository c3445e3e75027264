"""What a merchant sets up as JSON. Nothing here has ever seen a credential."""

from typing import TYPE_CHECKING

from chalicelib.api.serializers import execution_json, time_json, time_or_none
from chalicelib.api.service_answers import KeyAnswer
from chalicelib.api.setup_answers import (
    ChoiceAnswer,
    ConnectionAnswer,
    ConsumerAnswer,
    FieldAnswer,
    FlowAnswer,
    MappingAnswer,
    PickAnswer,
    PlatformAnswer,
    SettingAnswer,
    SignInAnswer,
    StandingAnswer,
    UnmappedAnswer,
)
from chalicelib.domain.platforms import Choice, Field, Offer
from chalicelib.domain.setup import ApiKey, Connection, Consumer, Health
from chalicelib.flows.declare import Setting, connections_of
from chalicelib.flows.services import Services
from chalicelib.flows.setup.connections import webhook_address
from chalicelib.flows.setup.flows import FlowView
from chalicelib.flows.setup.mappings import MappingView, Unmapped
from chalicelib.flows.setup.sign_in import is_awaited, missing_fields, redirect_uri

if TYPE_CHECKING:
    from chalicelib.flows.standings import Standing


def consumer_json(consumer: Consumer) -> ConsumerAnswer:
    """Return a consumer."""
    return {
        "id": consumer.id,
        "name": consumer.name,
        "time_zone": consumer.time_zone,
        "created_at": time_json(consumer.created_at),
        "deleted_at": time_or_none(consumer.deleted_at),
    }


def standing_json(standing: "Standing") -> StandingAnswer:
    """Return how a consumer stands."""
    counts = standing.connections
    return {
        "consumer": consumer_json(standing.consumer),
        "connections": {
            "healthy": counts[Health.HEALTHY],
            "down": counts[Health.DOWN],
            "unchecked": counts[Health.UNCHECKED],
        },
        "down": list(standing.down),
        "failed": standing.failed,
        "pending": standing.pending,
        "oldest_waiting_at": time_or_none(standing.oldest_waiting_at),
        "flows_on": standing.flows_on,
        "not_ready": list(standing.not_ready),
        "silent": list(standing.silent),
    }


def connection_json(
    services: Services, connection: Connection, *, with_address: bool
) -> ConnectionAnswer:
    """Return a connection.

    Args:
        with_address: whether the caller may see our webhook address, whose last part is a secret.
    """
    offer = services.offers.get(connection.platform)
    return {
        "name": connection.name,
        "platform": connection.platform,
        "label": offer.label if offer else connection.platform,
        "base_url": connection.base_url,
        "settings": dict(connection.settings),
        "credentials": list(connection.credential_names),
        "webhook_address": webhook_address(services, connection) if with_address else "",
        "health": connection.health.value,
        "detail": connection.health_detail,
        "checked_at": time_or_none(connection.checked_at),
        "webhooks": connection.webhooks.value,
        "webhooks_detail": connection.webhooks_problem,
        "fields": [_field_json(offer, one) for one in offer.fields] if offer else [],
        "prerequisites": list(offer.prerequisites) if offer else [],
        "sign_in": _sign_in_json(services, offer, connection) if offer else None,
    }


def _sign_in_json(services: Services, offer: Offer, connection: Connection) -> SignInAnswer | None:
    if offer.sign_in is None:
        return None
    return {
        "missing": missing_fields(offer, connection),
        "awaited": is_awaited(offer, connection),
        "redirect_address": redirect_uri(services, offer.name),
    }


def platform_json(services: Services, offer: Offer) -> PlatformAnswer:
    """Return a platform as the form of a new connection needs it."""
    return {
        "name": offer.name,
        "label": offer.label,
        "fields": [_field_json(offer, one) for one in offer.fields],
        "prerequisites": list(offer.prerequisites),
        "redirect_address": redirect_uri(services, offer.name) if offer.sign_in else None,
    }


def _field_json(offer: Offer, field: Field) -> FieldAnswer:
    return {
        "name": field.name,
        "label": field.label,
        "required": field.required,
        "secret": field.secret,
        "default": field.default,
        "help": field.help,
        "by_sign_in": offer.sign_in is not None and field.name in offer.sign_in.gives,
    }


def flow_json(view: FlowView) -> FlowAnswer:
    """Return a flow with its form."""
    source, target = connections_of(view.flow, view.setup.flow)
    places = {"source": source, "target": target}
    return {
        "name": view.setup.flow,
        "label": view.flow.label,
        "kind": view.flow.kind.value,
        "source": source,
        "target": target,
        "enabled": view.setup.enabled,
        "ready": view.ready,
        "missing": [
            {"what": one.what, "name": one.name, "sentence": one.sentence} for one in view.missing
        ],
        "settings": dict(view.setup.settings),
        "fields": [_setting_json(one, view, places) for one in view.flow.settings],
        "mappings": [rule.name for rule in view.flow.mappings],
        "shares": view.shares,
        "last_execution": execution_json(view.last_execution) if view.last_execution else None,
        "last_polled_at": time_or_none(view.last_polled_at),
        "next_poll_at": time_or_none(view.next_poll_at),
        "polled_every_s": view.flow.poll_every_s,
        "oldest_waiting_at": time_or_none(view.oldest_waiting_at),
        "counts": [
            {
                "status": one.status.value,
                "count": one.count,
                "not_applicable": one.not_applicable,
            }
            for one in view.counts
        ],
    }


def _setting_json(setting: Setting, view: FlowView, places: dict[str, str]) -> SettingAnswer:
    pick: PickAnswer | None = None
    if setting.pick:
        pick = {"connection": places[setting.pick[0]], "choices": setting.pick[1]}
    return {
        "name": setting.name,
        "label": setting.label,
        "type": setting.type,
        "required": setting.required,
        "default": setting.default,
        "options": list(setting.options),
        "pick": pick,
        "help": setting.help,
        "value": view.setup.settings.get(setting.name),
    }


def mapping_json(view: MappingView) -> MappingAnswer:
    """Return a mapping with the values that wait for an answer."""
    return {
        "flow": view.table.flow,
        "name": view.table.name,
        "label": view.rule.label,
        "source_label": view.rule.source_label,
        "source_by": view.rule.source_by,
        "target_label": view.rule.target_label,
        "without_answer": view.rule.without_answer,
        "entries": dict(view.table.entries),
        "records": dict(view.table.records),
        "default": view.table.default,
        "unmapped": [_unmapped_json(one) for one in view.unmapped],
        "choices": {
            "source": [choice_json(one) for one in view.source_choices],
            "target": [choice_json(one) for one in view.target_choices],
        },
        "problems": list(view.problems),
    }


def _unmapped_json(one: Unmapped) -> UnmappedAnswer:
    return {
        "value": one.value,
        "name": one.name,
        "rows": one.waiting.count,
        "cause": one.waiting.key,
        "first_at": time_json(one.waiting.first_at),
        "suggestion": one.suggestion.id if one.suggestion else None,
        "suggestion_name": one.suggestion.name if one.suggestion else None,
    }


def choice_json(choice: Choice) -> ChoiceAnswer:
    """Return a value that people pick from."""
    return {"id": choice.id, "name": choice.name}


def key_json(key: ApiKey) -> KeyAnswer:
    """Return a key, without the key."""
    return {
        "id": key.id,
        "consumer": key.consumer,
        "role": key.role.value,
        "name": key.name,
        "created_at": time_json(key.created_at),
        "revoked_at": time_or_none(key.revoked_at),
    }
