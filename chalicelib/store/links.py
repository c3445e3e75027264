"""Links of the sync log: one item for each side."""

from collections.abc import Mapping, Sequence

from chalicelib.domain.log import Link
from chalicelib.domain.writes import Op, Term
from chalicelib.store import keys
from chalicelib.store.part import LogPart
from chalicelib.store.table import Key, Write, delete, put


class LinkPart(LogPart):
    """See ``domain.ports.LinkStore``."""

    def put_links(self, links: Sequence[Link]) -> None:
        """Store each link under both of its sides."""
        if links:
            self.table.write_many(
                [_put(side) for link in links for side in (link, _reversed(link))]
            )

    def read_links(
        self, consumer: str, platform: str, other_platform: str, kind: str, ids: Sequence[str]
    ) -> Mapping[str, Link]:
        """Links from one side to another by the ids at the one; ids without a link are absent."""
        wanted = list(dict.fromkeys(ids))
        found = self.table.get_many(
            [_key(consumer, platform, other_platform, kind, one) for one in wanted]
        )
        return {
            one: Link(
                consumer=consumer,
                kind=kind,
                platform=platform,
                id=one,
                other_platform=other_platform,
                other_id=item["id"],
                parent_id=item.get("parent"),
            )
            for one, item in zip(wanted, found, strict=True)
            if item
        }

    def delete_links(self, links: Sequence[Link]) -> None:
        """Remove both sides of each link, where they still name each other."""
        if links:
            self.table.write_many(
                [_removal(side) for link in links for side in (link, _reversed(link))]
            )


def _key(consumer: str, platform: str, other_platform: str, kind: str, one: str) -> Key:
    return keys.join("L", consumer, platform, kind, one), keys.escape(other_platform)


def _key_of(link: Link) -> Key:
    return _key(link.consumer, link.platform, link.other_platform, link.kind, link.id)


def _reversed(link: Link) -> Link:
    return Link(
        consumer=link.consumer,
        kind=link.kind,
        platform=link.other_platform,
        id=link.other_id,
        other_platform=link.platform,
        other_id=link.id,
    )


def _put(link: Link) -> Write:
    pk, sk = _key_of(link)
    item = {
        "pk": pk,
        "sk": sk,
        "lp": keys.others_pk(link.consumer),
        "ls": keys.bounded(f"{pk}|{sk}"),
        "id": link.other_id,
    }
    return put(item if link.parent_id is None else {**item, "parent": link.parent_id})


def _removal(link: Link) -> Write:
    return delete(_key_of(link), Term("id", Op.EQ, link.other_id))
