"""The words by which product subscriptions are searched."""

from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from orchestrator_gql.domain.search_words import words_of
from orchestrator_gql.storage.columns import asked_per_row
from orchestrator_gql.storage.tables import product_subscription_words as words
from orchestrator_gql.storage.tables import product_subscriptions, products

_LAST = "\U0010ffff"
_FEWEST_DIGITS = 4


def write(conn: Connection, subscription_id: UUID) -> None:
    """Store the words of the product subscription as it is stored now; unchanged words are not written."""
    s = product_subscriptions.c
    texts = select(s.description, s.customer_id, products.c.name, s.customer_description, s.note)
    query = texts.add_columns(s.created_segment, s.updated_segment)
    query = query.join(products, products.c.id == s.product_id).where(s.id == subscription_id)
    *stored, created_segment, updated_segment = conn.execute(query).one()
    new = set(words_of(*stored))
    is_own = words.c.subscription_id == subscription_id
    segments = dict(map(tuple, conn.execute(select(words.c.word, words.c.updated_segment).where(is_own))))
    old = segments.keys()
    if old - new:
        conn.execute(delete(words).where(is_own, words.c.word.in_(sorted(old - new))))
    if any(segments[word] != updated_segment for word in old & new):
        conn.execute(update(words).where(is_own).values(updated_segment=updated_segment))
    if new - old:
        common = {"subscription_id": subscription_id, "created_segment": created_segment}
        common["updated_segment"] = updated_segment
        conn.execute(insert(words), [{**common, "word": word} for word in sorted(new - old)])


def begins_with(term: str) -> ColumnElement[bool]:
    """The condition on a word that the term is its beginning."""
    return and_(words.c.word >= term, words.c.word < term + _LAST)


def has_word(term: str) -> ColumnElement[bool]:
    """The condition on a product subscription that the term is the beginning of one of its words, or of its id."""
    is_own = words.c.subscription_id == product_subscriptions.c.id
    is_found = asked_per_row(select(words.c.word).where(is_own, begins_with(term)))
    span = ids_from(term)
    return is_found if span is None else is_found | product_subscriptions.c.id.between(*span)


def ids_from(term: str) -> tuple[UUID, UUID] | None:
    """The first and the last id that begin with the term; None if it is not the beginning of an id.

    >>> ids_from("0b8a-")[0]
    UUID('0b8a0000-0000-0000-0000-000000000000')
    """
    digits = term.replace("-", "")
    if not _FEWEST_DIGITS <= len(digits) <= 32 or set(digits) - set("0123456789abcdef"):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
