"""Money: a decimal amount with its currency; never a float."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

#: ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}

_NUMBER_BELOW = Decimal(10) ** 15
_DECIMALS_AT_MOST = 60  #: what a float leaves of a third has 17


def fit_number(number: Decimal) -> Decimal:
    """Return a number that may be an amount or a quantity of something.

    Others come from broken or hostile plugins: ``1e999999`` cannot be rounded, nor written out.

    Raises:
        ValueError: it is none.
    """
    exponent = number.as_tuple().exponent
    is_short = isinstance(exponent, int) and exponent >= -_DECIMALS_AT_MOST
    if not (is_short and number.copy_abs() < _NUMBER_BELOW):
        raise ValueError("no amount of anything")
    return number


def exponent_of(currency: str) -> int:
    """Return the number of decimals of a currency: 0 for JPY, 3 for KWD, else 2 (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, order=False)
class Money:
    """An amount in major units: ``Money(Decimal("19.90"), "AUD")``."""

    amount: Decimal
    currency: str

    @staticmethod
    def from_minor(amount_minor: int, currency: str) -> "Money":
        """Turn minor units into an amount: 1990 in AUD is 19.90, in JPY it is 1990."""
        return Money(Decimal(amount_minor).scaleb(-exponent_of(currency)), currency)

    @staticmethod
    def zero(currency: str) -> "Money":
        """Nothing, in that currency."""
        return Money.from_minor(0, currency)

    def to_minor(self) -> int:
        """Return whole minor units, halves rounded away from zero."""
        scaled = self.amount.scaleb(exponent_of(self.currency))
        return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    def rounded(self) -> "Money":
        """Return the amount at the precision of its currency, halves rounded away from zero."""
        return Money.from_minor(self.to_minor(), self.currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.to_text()} {self.currency}"

    def to_text(self) -> str:
        """Return the amount with the decimals of its currency: ``58.71``, ``5871`` for yen."""
        step = Decimal(1).scaleb(-exponent_of(self.currency))
        return str(self.amount.quantize(step, rounding=ROUND_HALF_UP))

    def to_json(self) -> dict[str, str]:
        """Return what columns and the API show: ``{"amount": "58.71", "currency": "GBP"}``."""
        return {"amount": self.to_text(), "currency": self.currency}

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{other.currency} cannot be added to {self.currency}")
        return other.amount
