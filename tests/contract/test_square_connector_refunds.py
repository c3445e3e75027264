"""Refunds come from Square: goods and amounts, in parts, in exchange, on their way or refused."""

import random
from collections.abc import Iterator
from decimal import Decimal

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Refund, Role
from tests.contract.square_connection import Connected, connect
from tests.contract.square_refunds import apart, fetched, gbp, paid, shown, walk


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def test_a_return_is_read_with_its_goods_its_sale_and_the_way_the_money_went(
    at: Connected,
) -> None:
    shirt, hat = at.shop.make("SHIRT"), at.shop.make("HAT")
    sale = at.square.sell(at.places[0], [(shirt, 2, 1200), (hat, 1, 600)])
    (refund_id,) = at.square.refund(sale, [(1, 1)], reason="Wrong size")

    refund = fetched(at, refund_id)

    assert shown(refund.lines) == [(shirt, "1", "10.00", "2.00")]
    assert refund.lines[0].tax_name == "VAT"
    assert (refund.id, refund.order_id, refund.state) == (refund_id, sale, "completed")
    assert (refund.location, refund.reason, refund.source) == (at.places[0], "Wrong size", "Square")
    assert (refund.total, paid(refund)) == (gbp("12.00"), [("CARD", "12.00")])
    assert refund.restocks
    assert refund.customer is None


def test_the_same_refund_read_five_times_is_the_same_record(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 3, 999)])
    (refund_id,) = at.square.refund(sale, [(1, 2)])

    first = fetched(at, refund_id)
    at.shop.clock.advance(3600)

    assert [fetched(at, refund_id) for _ in range(4)] == [first] * 4
    assert first.version == walk(at)[0].version


def test_an_amount_without_goods_is_a_line_without_a_product(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(at.shop.make(), 1, 2000)])
    (refund_id,) = at.square.refund(sale, amount=500)

    refund = fetched(at, refund_id)

    assert shown(refund.lines) == [(None, "1", "5.00", "0.00")]
    assert (refund.lines[0].name, refund.lines[0].role) == ("Refund without goods", Role.GOODS)
    assert (refund.order_id, refund.total) == (sale, gbp("5.00"))
    assert not refund.restocks


def test_a_refund_that_names_the_sale_itself_is_an_amount_of_it(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 1, 2000)])
    (refund_id,) = at.square.refund(sale)
    at.square.refunds.refunds[refund_id].order_id = sale

    refund = fetched(at, refund_id)

    assert (refund.order_id, refund.lines[0].name) == (sale, "Refund without goods")
    assert at.square.calls_to("/v2/payments") == []


def test_tip_charge_rounding_and_discount_of_a_return_add_up(at: Connected) -> None:
    sale = at.square.sell(
        at.places[0], [(None, 3, 999)], discount="10%", tip=150, service_charge=200, rounding=-2
    )
    (refund_id,) = at.square.refund(sale, charge=True, tip=150, rounding=-2)

    refund = fetched(at, refund_id)

    assert [one.role for one in refund.lines] == [Role.GOODS, Role.FEE]
    assert (refund.tip, refund.rounding) == (gbp("1.50"), gbp("-0.02"))
    assert refund.lines[0].discount == gbp("3.00")
    assert refund.total == gbp("30.45")
    assert refund.payments[0].tip == gbp("1.50")


def test_one_return_paid_back_by_two_tenders_is_two_refunds_that_share_its_lines(
    at: Connected,
) -> None:
    shirt, hat = at.shop.make("SHIRT"), at.shop.make("HAT")
    lines = [(shirt, 1, 2000), (hat, 1, 1000)]
    sale = at.square.sell(at.places[0], lines, tenders=[("CARD", 2600), ("CASH", 400)])
    first_id, second_id = apart(at, at.square.refund(sale))

    first, second = fetched(at, first_id), fetched(at, second_id)

    assert shown(first.lines) == [(shirt, "1", "16.67", "3.33"), (hat, "1", "5.00", "1.00")]
    assert shown(second.lines) == [(None, "1", "3.33", "0.67")]
    assert "(rest)" in second.lines[0].name
    assert (paid(first), paid(second)) == ([("CARD", "26.00")], [("CASH", "4.00")])
    assert (first.restocks, second.restocks) == (True, False)


def test_the_first_of_two_refunds_stays_as_it_was_when_the_second_comes(at: Connected) -> None:
    sale = at.square.sell(
        at.places[0], [(None, 1, 2000), (None, 1, 1000)], tenders=[("CARD", 500), ("CASH", 2500)]
    )
    first_id, second_id = apart(at, at.square.refund(sale, rounding=-3, parts=[500, 2497]))
    both = fetched(at, first_id)
    order = at.square.orders.orders[at.square.refunds.refunds[first_id].order_id]
    order.refunds = [one for one in order.refunds if one.id == first_id]

    assert fetched(at, first_id) == both
    assert both.rounding == gbp("-0.03")
    assert fetched(at, second_id).rounding == gbp("0.00")


def test_what_a_refused_refund_did_not_pay_goes_with_the_next_one(at: Connected) -> None:
    shirt = at.shop.make()
    sale = at.square.sell(
        at.places[0], [(shirt, 1, 3000)], tenders=[("CARD", 1500), ("CASH", 1500)]
    )
    refused, given = apart(at, at.square.refund(sale))
    at.square.settle_refund(refused, "REJECTED")

    failed, completed = fetched(at, refused), fetched(at, given)

    assert (failed.state, paid(failed), failed.restocks) == ("failed", [], False)
    assert [line.item_id for line in failed.lines] == [None]
    assert [line.item_id for line in completed.lines] == [shirt]


@pytest.mark.parametrize(
    ("status", "state", "payments"),
    [
        ("PENDING", "pending", 0),
        ("COMPLETED", "completed", 1),
        ("REJECTED", "failed", 0),
        ("FAILED", "failed", 0),
    ],
)
def test_money_is_given_back_once_square_says_so(
    at: Connected, status: str, state: str, payments: int
) -> None:
    sale = at.square.sell(at.places[0], [(None, 1, 1000)])
    (refund_id,) = at.square.refund(sale, status=status)

    refund = fetched(at, refund_id)

    assert (refund.state, len(refund.payments), refund.total) == (state, payments, gbp("10.00"))


def test_goods_without_a_receipt_belong_to_no_sale(at: Connected) -> None:
    shirt = at.shop.make()
    refund = fetched(at, at.square.take_back(at.places[1], [(shirt, 1, 1200)]))

    assert (refund.order_id, refund.location) == (None, at.places[1])
    assert shown(refund.lines) == [(shirt, "1", "10.00", "2.00")]
    assert paid(refund) == [("CASH", "12.00")]


def test_a_return_that_does_not_name_its_sale_is_known_by_its_payment(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 1, 1000)])
    (refund_id,) = at.square.refund(sale)
    order = at.square.orders.orders[at.square.refunds.refunds[refund_id].order_id]
    del order.came_back[0]["source_order_id"]

    assert fetched(at, refund_id).order_id == sale


@pytest.mark.parametrize(
    ("paid_by", "went_to", "method"),
    [
        ("SQUARE_GIFT_CARD", "", "SQUARE_GIFT_CARD"),
        ("THIRD_PARTY_CARD", "", "THIRD_PARTY_CARD"),
        ("CARD", "CASH", "CASH"),
        ("CASH", "CARD", "CARD"),
        ("CASH", "OTHER", "OTHER"),
    ],
)
def test_money_goes_back_in_the_words_of_tenders(
    at: Connected, paid_by: str, went_to: str, method: str
) -> None:
    sale = at.square.sell(at.places[0], [(None, 1, 1000)], tenders=[(paid_by, 1000)])
    (refund_id,) = at.square.refund(sale, kind=went_to)

    assert paid(fetched(at, refund_id)) == [(method, "10.00")]


def test_the_buyer_is_who_brought_it_back_or_else_who_bought_it(at: Connected) -> None:
    ada = at.square.add_customer(given_name="Ada")
    bob = at.square.add_customer(given_name="Bob")
    sale = at.square.sell(at.places[0], [(None, 2, 500)], customer=ada)
    (hers,) = at.square.refund(sale, [(1, 1)])
    (his,) = at.square.refund(sale, [(1, 1)], customer=bob)

    names = [fetched(at, one).customer for one in (hers, his)]

    assert [one.name for one in names if one] == ["Ada", "Bob"]


def test_yen_are_shared_to_the_last_one(at: Connected) -> None:
    tokyo = at.square.add_location("Tokyo", currency="JPY", country="JP", tax_percent=Decimal(10))
    sale = at.square.sell(
        tokyo, [(None, 3, 333), (None, 1, 1)], tenders=[("CARD", 500), ("CASH", 500)]
    )
    first, second = (fetched(at, one) for one in at.square.refund(sale))

    assert first.total == second.total == Money(Decimal(500), "JPY")
    taxes = [line.tax.amount for line in (*first.lines, *second.lines)]
    assert sum(taxes) == 91


def test_any_return_in_any_parts_adds_up_to_the_last_penny(at: Connected) -> None:
    dice = random.Random(20260302)
    for _ in range(60):
        lines = [
            (None, dice.randint(1, 4), dice.randint(1, 3000)) for _ in range(dice.randint(1, 4))
        ]
        tip, charge = dice.choice([0, 137]), dice.choice([0, 255])
        options = {
            "discount": dice.choice([0, 77, "12.5%"]),
            "tax_type": dice.choice(["INCLUSIVE", "ADDITIVE"]),
            "tax": dice.choice(["0", "5", "17.5"]),
        }
        sale = at.square.sell(
            at.places[0],
            lines,
            tip=tip,
            service_charge=charge,
            tenders=[("CARD", 10**6), ("CASH", 10**6), ("OTHER", 10**6)],
            **options,
        )
        taken = at.square.orders.orders[sale]
        worth = sum(one["total_money"]["amount"] for one in taken.body["line_items"])
        whole = worth + tip + charge + (rounding := dice.choice([0, -2, 2]))
        cuts = sorted(dice.randint(0, max(whole, 0)) for _ in range(2))
        parts = [cuts[0], cuts[1] - cuts[0], whole - cuts[1]]

        ids = at.square.refund(sale, charge=bool(charge), tip=tip, rounding=rounding, parts=parts)
        refunds = [fetched(at, one) for one in ids]

        assert sum(one.total.to_minor() for one in refunds) == whole
        kept = [line for one in refunds for line in one.lines if "(rest)" not in line.name]
        pieces = sum(line.quantity for line in kept if line.role is Role.GOODS)
        assert pieces == sum(line[1] for line in lines)
        tax = sum(line.tax.to_minor() for one in refunds for line in one.lines)
        assert tax == taken.body["total_tax_money"]["amount"]


def test_a_hundred_refunds_of_a_sale_are_a_call_each_and_two_for_their_orders(
    at: Connected,
) -> None:
    sale = at.square.sell(at.places[0], [(None, 60, 100)])
    ids = [one for _ in range(60) for one in at.square.refund(sale, [(1, 1)])]

    read = at.refunds().fetch_many([*ids, ids[0]])

    assert list(read) == ids
    assert len(at.square.calls) == 60 + 2


def test_unknown_ids_are_absent(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 1, 100)])
    (refund_id,) = at.square.refund(sale)

    assert list(at.refunds().fetch_many(["UNKNOWN", refund_id, sale])) == [refund_id]


def test_what_can_be_no_id_is_absent_without_a_call(at: Connected) -> None:
    assert at.refunds().fetch_many(["", " ", "../locations", "1/2", "x" * 300]) == {}
    assert len(at.square.calls) == 0


def test_a_refund_that_cannot_be_read_does_not_harm_its_neighbours(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 2, 100)])
    (first,) = at.square.refund(sale, [(1, 1)])
    (second,) = at.square.refund(sale, [(1, 1)])
    at.square.fail_next(200, path=f"/v2/refunds/{first}", body={"refund": {"id": first}})

    read = at.refunds().fetch_many([first, second])

    assert isinstance(read[first], SyncFailure)
    assert read[first].reason is Reason.UNSUPPORTED
    assert isinstance(read[second], Refund)


def test_a_refusal_of_the_account_stops_the_rest_without_a_call(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 3, 100)])
    ids = [one for _ in range(3) for one in at.square.refund(sale, [(1, 1)])]
    at.square.fail_next(403, path=f"/v2/refunds/{ids[1]}")

    read = at.refunds().fetch_many(ids)

    assert isinstance(read[ids[0]], Refund)
    failures = [one for one in read.values() if isinstance(one, SyncFailure)]
    assert [one.reason for one in failures] == [Reason.AUTH_REJECTED] * 2
    assert "PAYMENTS_READ" in failures[0].detail
    assert len(at.square.calls_to(f"/v2/refunds/{ids[2]}")) == 0
