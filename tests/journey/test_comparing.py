"""Whether the comparison of shops and ERP sees what differs: each case spoils one thing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from local.demo.comparing import differences
from local.demo.vendors import ALL_SHOPS, Outlets, Vendors, Web
from local.platforms.brightpearl.state.orders import Order
from local.platforms.brightpearl.world import World
from tests.journey.house import House, keeping_house, wait_until

SKU, PARCEL = "MUG-1", "PARCEL1"
BUYER = {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.org", "country": "GB"}

Undo = Callable[[], object]


@dataclass
class Story:
    """A mug, sold once at each shop; a till took one back, and the web shop's was sent."""

    house: House
    product: int = 0
    till_sale: str = ""
    web_sale: int = 0
    refund: str = ""

    @property
    def vendors(self) -> Vendors:
        return self.house.vendors

    @property
    def erp(self) -> World:
        return self.vendors.brightpearl.world

    @property
    def outlets(self) -> Outlets:
        assert self.vendors.outlets is not None
        return self.vendors.outlets

    @property
    def web(self) -> Web:
        assert self.vendors.web is not None
        return self.vendors.web

    def play(self) -> None:
        """Let it all happen, and be in step."""
        brightpearl, square = self.vendors.brightpearl, self.vendors.square
        self.product = self.house.add_product("Mug", SKU, category="Mugs")
        self.erp.products.set_prices(self.product, {1: {1: Decimal(5)}})
        for warehouse in self.erp.references.warehouses:
            brightpearl.set_stock(self.product, warehouse, 20)
        self._wait("mug at all shops")
        customer = square.add_customer(given_name="Grace", email_address="grace@example.org")
        self.till_sale = self.house.sell(SKU, customer=customer)
        register = next(iter(self.outlets.store.register_ids.values()))
        self.outlets.simulator.sell(register, {SKU: 2})
        line = {"sku": SKU, "quantity": 1}
        self.web_sale = self.web.simulator.buy([line], billing=BUYER)
        self._wait("sales in the ERP")
        [self.refund] = square.refund(self.till_sale)
        note = brightpearl.send_out(
            self.order(self.web_sale).id, reference=PARCEL, shipping_method_id=1
        )
        brightpearl.mark_note(note)
        self._wait("refund and parcel")

    def _wait(self, what: str) -> None:
        wait_until(lambda: not differences(self.vendors), what)
        self.house.settle()
        assert differences(self.vendors) == []

    def order(self, reference: object, kind: str = "SO") -> Order:
        found = self.erp.orders.by_external_ref[str(reference)]
        return next(one for one in found if one.kind == kind)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with keeping_house(tmp_path_factory.mktemp("comparing"), shops=ALL_SHOPS) as house:
        found = Story(house=house)
        found.play()
        yield found


def changed(values: dict[Any, Any], key: Any, value: Any) -> Undo:
    """Put a value into a map and return what puts the old one back."""
    is_new, before = key not in values, values.get(key)
    values[key] = value
    return lambda: values.pop(key) if is_new else values.update({key: before})


def without(values: dict[Any, Any], key: Any) -> Undo:
    """Take a value out of a map and return what puts it back."""
    before = values.pop(key)
    return lambda: values.update({key: before})


def set_to(thing: Any, name: str, value: Any) -> Undo:
    """Change an attribute and return what changes it back."""
    before = getattr(thing, name)
    setattr(thing, name, value)
    return lambda: setattr(thing, name, before)


def price_at_the_till(story: Story) -> Undo:
    square = story.vendors.square
    [one] = [s for s in square.catalog.objects.values() if s.data.get("sku") == SKU]
    return changed(one.data, "price_money", {"amount": 1, "currency": "GBP"})


def stock_at_an_outlet(story: Story) -> Undo:
    rows = story.outlets.simulator.inventory.levels.rows.values()
    row = next(iter(rows))
    return changed(row.data, "current", Decimal(77))


def stock_on_the_web(story: Story) -> Undo:
    [one] = story.web.simulator.products.by_id.values()
    return changed(one.data, "stock_quantity", 66)


def name_on_the_web(story: Story) -> Undo:
    [one] = story.web.simulator.products.by_id.values()
    return changed(one.data, "name", "Jug")


def twin_on_the_web(story: Story) -> Undo:
    by_id = story.web.simulator.products.by_id
    [one] = by_id.values()
    return changed(by_id, 9999, replace(one, id=9999))


def stranger_on_the_web(story: Story) -> Undo:
    by_id = story.web.simulator.products.by_id
    [one] = by_id.values()
    return changed(by_id, 9999, replace(one, id=9999, sku="ODD"))


def archived(story: Story) -> Undo:
    return set_to(story.erp.products.by_id[story.product], "status", "ARCHIVED")


def lost_order(story: Story) -> Undo:
    return without(story.erp.orders.by_id, story.order(story.till_sale).id)


def doubled_order(story: Story) -> Undo:
    by_id = story.erp.orders.by_id
    return changed(by_id, 9999, replace(story.order(story.till_sale), id=9999))


def strange_order(story: Story) -> Undo:
    order = replace(story.order(story.till_sale), id=9999, external_ref="nobody's")
    return changed(story.erp.orders.by_id, 9999, order)


def other_amount(story: Story) -> Undo:
    row = next(iter(story.order(story.till_sale).rows.values()))
    return set_to(row, "net", row.net + 1)


def other_pieces(story: Story) -> Undo:
    row = next(iter(story.order(story.till_sale).rows.values()))
    return set_to(row, "quantity", Decimal(9))


def lost_payment(story: Story) -> Undo:
    by_order = story.erp.payments.by_order
    return changed(by_order, story.order(story.till_sale).id, [])


def cancelled_in_the_erp(story: Story) -> Undo:
    cancelled = story.vendors.erp.statuses["Cancelled"]
    return set_to(story.order(story.till_sale), "status_id", cancelled)


def other_buyer(story: Story) -> Undo:
    return set_to(story.order(story.till_sale), "customer_id", story.vendors.erp.walk_in)


def cancelled_at_the_till(story: Story) -> Undo:
    return set_to(story.vendors.square.orders.orders[story.till_sale], "state", "CANCELED")


def lost_credit(story: Story) -> Undo:
    return without(story.erp.orders.by_id, story.order(story.refund, "SC").id)


def credit_of_another_order(story: Story) -> Undo:
    return set_to(story.order(story.refund, "SC"), "parent_id", 501_000)


def other_refund(story: Story) -> Undo:
    return set_to(story.vendors.square.refunds.refunds[story.refund], "amount", 1)


def doubled_contact(story: Story) -> Undo:
    by_id = story.erp.contacts.by_id
    [one] = story.erp.contacts.by_email[BUYER["email"]]
    return changed(by_id, 9999, replace(one, id=9999))


def other_name(story: Story) -> Undo:
    [one] = story.erp.contacts.by_email["grace@example.org"]
    return set_to(one, "first_name", "Gloria")


def parcel_told_twice(story: Story) -> Undo:
    order = story.web.simulator.orders.one(story.web_sale)
    return set_to(order, "notes", [*order.notes, *deepcopy(order.notes)])


def other_status(story: Story) -> Undo:
    return set_to(story.web.simulator.orders.one(story.web_sale), "status", "processing")


CASES: dict[str, Callable[[Story], Undo]] = {
    "costs 20.00 in the ERP, 0.01 at Square": price_at_the_till,
    "19 in the ERP, 66 at the web shop": stock_on_the_web,
    "in the ERP, 77 at the till": stock_at_an_outlet,
    "“Mug” in the ERP, “Jug” at WooCommerce": name_on_the_web,
    f"{SKU}: 2 times at WooCommerce": twin_on_the_web,
    "ODD: at WooCommerce, and no product of the ERP": stranger_on_the_web,
    f"{SKU}: archived in the ERP, sold at Lightspeed": archived,
    "of Square: 0 times in the ERP": lost_order,
    "of Square: 2 times in the ERP": doubled_order,
    "no shop has nobody's": strange_order,
    "21.00 GBP in the ERP, 20.00 GBP at the shop": other_amount,
    "9 pieces in the ERP, 1 at the shop": other_pieces,
    "payments 0.00 in the ERP, 20.00 at the shop": lost_payment,
    "cancelled in the ERP, COMPLETED at the shop": cancelled_in_the_erp,
    "of another customer in the ERP": other_buyer,
    "cancelled at the shop, New order in the ERP": cancelled_at_the_till,
    "cancelled at the shop, paid with 20.00 in the ERP": cancelled_at_the_till,
    "Square: 0 times in the ERP": lost_credit,
    "below order 501000 in the ERP": credit_of_another_order,
    "20.00 in the ERP, 0.01 at the shop": other_refund,
    "ada@example.org: 2 contacts in the ERP": doubled_contact,
    "grace@example.org: Gloria": other_name,
    f"{PARCEL} is told 2 times at WooCommerce": parcel_told_twice,
    "all goods of its order left, and it is processing": other_status,
    "Completed in the ERP, processing at the shop": other_status,
}


@pytest.mark.parametrize("sentence", CASES)
def test_what_differs_is_told_in_a_sentence(story: Story, sentence: str) -> None:
    with ExitStack() as stack:
        for simulator in story.vendors.simulators.values():
            stack.enter_context(simulator.lock)
        undo = CASES[sentence](story)
        found = differences(story.vendors)
        undo()
        left = differences(story.vendors)

    assert any(sentence in one for one in found), found
    assert left == []


def test_what_is_known_to_be_out_of_step_is_left_out(story: Story) -> None:
    with story.vendors.brightpearl.lock:
        undo = other_amount(story)
        found = differences(story.vendors, without=[story.till_sale])
        undo()
    assert found == []
