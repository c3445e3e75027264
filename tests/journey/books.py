"""What the ERP holds, asked through its own endpoints: credits, contacts, statuses, goods."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.demo.api import Json
from tests.journey.house import House


def amount(text: Any) -> Decimal:
    """Read an amount as a vendor writes it."""
    return Decimal(str(text))


@dataclass(frozen=True, kw_only=True)
class Books:
    """The ERP of a house, as its own people and their other programs see it."""

    house: House

    def order(self, row: Json) -> Json:
        """Return the sales order that an order's row tells of."""
        return self.house.sales_order(row)

    def status_of(self, row: Json) -> str:
        """Return the name of the status that the sales order of a row has."""
        return str(self.order(row)["orderStatus"]["name"])

    def set_status(self, row: Json, name: str) -> None:
        """Give the sales order of a row another status, as a person would."""
        number = int(row["columns"]["target_order_id"])
        self.house.vendors.brightpearl.set_order_status(number, self.status_id(name))

    def status_id(self, name: str) -> int:
        """Return the number of a status."""
        return self.house.vendors.erp.statuses[name]

    def amounts(self, row: Json) -> dict[str, tuple[Decimal, Decimal]]:
        """Return net and tax of each line of a row's sales order, by its name."""
        values = {
            line["productName"]: line["rowValue"] for line in self.order(row)["orderRows"].values()
        }
        return {
            name: (amount(value["rowNet"]["value"]), amount(value["rowTax"]["value"]))
            for name, value in values.items()
        }

    def total(self, row: Json) -> Decimal:
        """Return the total of a row's sales order, tax included."""
        return amount(self.order(row)["totalValue"]["total"])

    def contact_of(self, row: Json) -> int:
        """Return the contact that a row's sales order is of."""
        return int(self.order(row)["parties"]["customer"]["contactId"])

    def credit(self, row: Json) -> Json:
        """Return the sales credit that a refund's row tells of."""
        number = row["columns"]["credit_id"]
        found: list[Json] = self.house.ask_brightpearl(f"order-service/sales-credit/{number}")
        return found[0]

    def credit_total(self, row: Json) -> Decimal:
        """Return what the sales credit of a refund's row is worth, tax included."""
        return amount(self.credit(row)["total"]["gross"])

    def credits(self) -> list[int]:
        """Return the numbers of all sales credits."""
        found = self.house.ask_brightpearl("order-service/order-search?orderTypeId=3")
        return [int(one[0]) for one in found["results"]]

    def orders(self, reference: str) -> list[int]:
        """Return the numbers of the sales orders with an external reference."""
        path = f"order-service/order-search?orderTypeId=1&externalRef={reference}"
        return [int(one[0]) for one in self.house.ask_brightpearl(path)["results"]]

    def contacts(self, email: str) -> list[int]:
        """Return the contacts with an e-mail address."""
        path = f"contact-service/contact-search?primaryEmail={email}"
        return [int(one[0]) for one in self.house.ask_brightpearl(path)["results"]]

    def contact(self, number: int | str) -> Json:
        """Return a contact whole."""
        found: list[Json] = self.house.ask_brightpearl(f"contact-service/contact/{number}")
        return found[0]

    def contact_count(self) -> int:
        """Return how many contacts there are."""
        found = self.house.ask_brightpearl("contact-service/contact-search?pageSize=500")
        return len(found["results"])

    def paid_back(self, row: Json) -> list[list[Any]]:
        """Return the ERP's payments of a sales credit: reference, method, amount."""
        credit = row["columns"]["credit_id"]
        path = f"accounting-service/customer-payment-search?orderId={credit}"
        columns = "transactionRef,paymentMethodCode,amountPaid"
        found: list[list[Any]] = self.house.ask_brightpearl(f"{path}&columns={columns}")["results"]
        return found
