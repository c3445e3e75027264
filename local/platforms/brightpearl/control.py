"""The control routes under ``/_sim/``: what people and demos do to a running simulator."""

from dataclasses import fields
from typing import Any

from local.platforms.brightpearl.account import Account
from local.platforms.brightpearl.world import Behaviour
from local.platforms.server import Control


def controls(simulator: Account) -> dict[str, Control]:
    """Return the routes by name; bodies are the arguments of the verb of that name."""
    return {
        "add-product": lambda body: {"id": simulator.add_product(**body)},
        "edit-product": lambda body: simulator.edit_product(**body),
        "archive-product": lambda body: simulator.archive_product(**body),
        "set-stock": lambda body: simulator.set_stock(**body),
        "add-contact": lambda body: {"id": simulator.add_contact(**body)},
        "add-category": lambda body: {"id": simulator.world.references.add_category(**body)},
        "invoice": lambda body: simulator.invoice(**body),
        "set-order-status": lambda body: simulator.set_order_status(**body),
        "send-out": lambda body: {"id": _send_out(simulator, **body)},
        "ship": lambda body: simulator.mark_note(**body),
        "set-tracking": lambda body: simulator.set_tracking(**body),
        "delete-note": lambda body: simulator.delete_note(**body),
        "throttle-next": lambda body: simulator.throttle_next(**body),
        "partial": lambda body: simulator.partial.next(**body),
        "quota": lambda body: _set_quota(simulator, body["per_minute"]),
        "behave": lambda body: _behave(simulator, body),
        "forbid": lambda body: _forbid(simulator, **body),
        "revoke-tokens": lambda _: simulator.access.revoke_everything(),
        "allow-token": lambda body: simulator.access.staff_tokens.add(body["staff_token"]),
        "webhooks": lambda body: _configure_webhooks(simulator, body),
        "state": lambda _: _state(simulator),
    }


def _send_out(
    simulator: Account, order: int, pieces: dict[str, int] | None = None, **more: Any
) -> int:
    """Put goods on a note; in JSON the product ids of ``pieces`` are texts."""
    by_product = {int(number): quantity for number, quantity in (pieces or {}).items()}
    return simulator.send_out(order, by_product or None, **more)


def _set_quota(simulator: Account, per_minute: int | None) -> None:
    if per_minute is not None and (not isinstance(per_minute, int) or per_minute < 1):
        raise ValueError("per_minute must be a whole number above 0, or null for no limit")
    simulator.throttle.limit = per_minute


def _behave(simulator: Account, body: dict[str, Any]) -> None:
    """Change how the account behaves; the names are those of `Behaviour`."""
    known = {field.name: field.type for field in fields(Behaviour)}
    unknown = [name for name in body if name not in known]
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known are {', '.join(known)}")
    for name, value in body.items():
        old = getattr(simulator.world.behaviour, name)
        if isinstance(old, bool) != isinstance(value, bool):
            raise ValueError(
                f"{name} must be {'true or false' if isinstance(old, bool) else 'a number'}"
            )
        setattr(simulator.world.behaviour, name, type(old)(value))


def _forbid(simulator: Account, path: str = "", method: str = "") -> None:
    """Refuse calls with 403; an empty ``path`` allows everything again."""
    if path:
        simulator.access.forbidden.add((method, path))
    else:
        simulator.access.forbidden.clear()


def _configure_webhooks(simulator: Account, body: dict[str, Any]) -> None:
    simulator.sender.configure(**body)
    simulator.best_effort_sender.configure(**body)


def _state(simulator: Account) -> dict[str, int]:
    world = simulator.world
    return {
        "products": len(world.products.by_id),
        "orders": len(world.orders.by_id),
        "contacts": len(world.contacts.by_id),
        "payments": len(world.payments.by_id),
        "goods_out_notes": len(world.stock.notes),
        "webhooks": len(world.webhooks.by_id),
    }
