"""All platforms, one line each."""

from collections.abc import Mapping

from chalicelib.connectors import brightpearl, lightspeed, square, woocommerce
from chalicelib.domain.platforms import Offer

OFFERS: Mapping[str, Offer] = {
    offer.name: offer
    for offer in (brightpearl.OFFER, square.OFFER, lightspeed.OFFER, woocommerce.OFFER)
}
