"""Bundles: Brightpearl counts no stock of theirs, so it follows from what they are made of.

As many can be sold as the scarcest part allows. Brightpearl computes that as well, for one bundle a
call; reading the parts costs one call for all bundles of a batch.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

from chalicelib.connectors.brightpearl.batches import fetch_by_ids
from chalicelib.connectors.brightpearl.idsets import Chunk
from chalicelib.connectors.brightpearl.mapping import is_tracked, to_figures
from chalicelib.connectors.brightpearl.models import AvailabilityModel, ProductModel
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import StockLevel

#: Bundles may hold bundles; deeper than this is taken for a mistake.
LEVELS_AT_MOST = 5

Models = Mapping[str, ProductModel | SyncFailure]
Levels = Mapping[str, AvailabilityModel | SyncFailure]


def with_parts(
    models: Models, fetch: Callable[[Chunk], Mapping[str, ProductModel | SyncFailure]]
) -> dict[str, ProductModel | SyncFailure]:
    """Return products and everything that bundles among them are made of, read together."""
    known = dict(models)
    newest: Iterable[ProductModel | SyncFailure] = models.values()
    for _ in range(LEVELS_AT_MOST):
        missing = {
            part.product_id
            for model in newest
            if isinstance(model, ProductModel) and model.composition.bundle
            for part in model.composition.parts
            if part.product_id not in known
        }
        if not missing:
            break
        found = fetch_by_ids(missing, fetch)
        known.update(found)
        newest = found.values()
    return known


def pieces_of(id_: str, known: Models, *, above: Sequence[str] = ()) -> dict[str, Decimal]:
    """Return how many pieces of stock-tracked products one piece of a product takes.

    A mug takes one mug. A set of two mugs and a card whose stock is not counted takes two mugs.

    Raises:
        SyncFailure: a part cannot be read, does not exist, or the bundle is made of itself.
    """
    model = known.get(id_)
    if isinstance(model, SyncFailure):
        raise model
    if model is None or id_ in above or len(above) > LEVELS_AT_MOST:
        raise _broken(above[0] if above else id_, id_, exists=model is not None)
    if not model.composition.bundle:
        return {id_: Decimal(1)} if is_tracked(model) else {}
    pieces: dict[str, Decimal] = {}
    for part in model.composition.parts:
        for leaf, number in pieces_of(part.product_id, known, above=(*above, id_)).items():
            pieces[leaf] = pieces.get(leaf, Decimal(0)) + number * part.quantity
    return {leaf: number for leaf, number in pieces.items() if number > 0}


def _broken(bundle: str, part: str, *, exists: bool) -> SyncFailure:
    why = "is a bundle of itself" if exists else "does not exist at Brightpearl"
    return SyncFailure(
        Reason.UNSUPPORTED,
        f"Bundle {bundle} has the component {part}, which {why}: correct the bundle there.",
        error_code="bundle_broken",
        field="bundleComponents",
    )


def pieces_or_failure(id_: str, known: Models) -> dict[str, Decimal] | SyncFailure:
    """Return the same, with the failure as an answer."""
    try:
        return pieces_of(id_, known)
    except SyncFailure as failure:
        return failure


def to_bundle_level(
    model: ProductModel, pieces: Mapping[str, Decimal], levels: Levels
) -> StockLevel | SyncFailure:
    """Return how many of a bundle can be sold in each warehouse; whole ones, from one warehouse.

    Parts whose stock is not counted limit nothing. A warehouse without a part has 0 of it. Where a
    counted part has no figures, the bundle has none either, which is not zero.
    """
    found = {id_: levels.get(id_) for id_ in pieces}
    failure = next((one for one in found.values() if isinstance(one, SyncFailure)), None)
    if failure is not None:
        return failure
    known = {id_: one for id_, one in found.items() if isinstance(one, AvailabilityModel)}
    if not pieces or len(known) < len(pieces):
        return to_figures(model, None)
    warehouses = {number for level in known.values() for number in level.warehouses}
    counts = {
        warehouse: min(_bundles(known[id_], warehouse, pieces[id_]) for id_ in pieces)
        for warehouse in warehouses
    }
    return to_figures(model, counts)


def _bundles(level: AvailabilityModel, warehouse: str, pieces: Decimal) -> Decimal:
    there = level.warehouses.get(warehouse)
    on_hand = there.on_hand if there else Decimal(0)
    return (on_hand / pieces).to_integral_value(ROUND_FLOOR)
