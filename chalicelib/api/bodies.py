"""Bodies of requests: their fields, and nothing besides."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.domain.setup import Role

Text = Annotated[str, Field(max_length=8000)]
Scalar = str | int | float | bool | None


class Body(BaseModel):
    """What all bodies share: unknown fields are refused, types are not guessed."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, defer_build=True, allow_inf_nan=False
    )


class NewConsumer(Body):
    """A consumer to add."""

    id: Text
    name: Text
    time_zone: Text = "UTC"


class ConsumerChange(Body):
    """What changes of a consumer; absent fields stay."""

    name: Text | None = None
    time_zone: Text | None = None


class ConnectionBody(Body):
    """A connection; absent fields stay as they are, null removes a setting or credential."""

    platform: Text | None = None
    base_url: Text | None = None
    settings: dict[str, Scalar] = Field(default_factory=dict)
    credentials: dict[str, str | None] = Field(default_factory=dict)


class FlowBody(Body):
    """Switch and settings of a flow; absent ones stay, null takes a setting away."""

    enabled: bool | None = None
    settings: dict[str, Scalar] = Field(default_factory=dict)


class MappingBody(Body):
    """Answers to lay over a mapping; null removes one. ``records`` answer for single records."""

    entries: dict[str, str | None] = Field(default_factory=dict)
    records: dict[str, str | None] = Field(default_factory=dict)
    default: str | None = None


class ResyncBody(Body):
    """Rows to sync again, by the log's filters; Failed ones if no status is named.

    The filter must be there, empty for all: a body that forgot it would re-sync everything.
    """

    filter: dict[str, Any]
    dry_run: bool = False


class ImportBody(Body):
    """What to import: given ids, or a period of the source's times."""

    model_config = ConfigDict(populate_by_name=True)

    ids: Annotated[list[Text], Field(max_length=10_000)] | None = None
    from_: Text | None = Field(default=None, alias="from")
    to: Text | None = None


class RedriveBody(Body):
    """How many dead letters to try again, how fast, and whose."""

    max: Annotated[int, Field(ge=1, le=10_000)] = 1000
    per_second: Annotated[float, Field(gt=0, le=1000, strict=False)] = 50
    consumer: Text | None = None


class NewKey(Body):
    """A key to make; without a consumer it is one of the operator."""

    consumer: Text | None = None
    role: Annotated[Role, Field(strict=False)]
    name: Text


class Nothing(Body):
    """A body that says nothing: empty, or an empty object."""


def model_of(name: str) -> type[Body]:
    """Return the model that a route names."""
    return {model.__name__: model for model in Body.__subclasses__()}[name]
