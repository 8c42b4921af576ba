"""The door of a room: who waits, and how few may stand in everybody's way. Pure."""

from collections import Counter
from collections.abc import Iterable

from appliance.rooms.visitor import Visitor

PLACES = 20


def to_turn_away(waiting: Iterable[Visitor], newcomer_address: str) -> Visitor | None:
    """Whom a newcomer replaces at a full door: the last of the address with most, if it is another.

    So one address (a house, a flood) never keeps the others out. `None` turns the newcomer away.
    """
    there = list(waiting)
    counts = Counter(visitor.who.address for visitor in there)
    address, most = counts.most_common(1)[0]
    if counts[newcomer_address] + 1 >= most:
        return None
    return [visitor for visitor in there if visitor.who.address == address][-1]
