"""The tables of products and of the customers' subscriptions to them."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
    literal_column,
    text,
)

from orchestrator_gql.storage.columns import JsonText, UtcDateTime, Words, enum_text
from orchestrator_gql.storage.tables.naming import metadata, partial_index
from orchestrator_gql.targets import Target
from orchestrator_gql.types import SubscriptionLifecycle

products = Table(
    "products",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("product_type", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("unindexed", Text, nullable=False, server_default=text("''")),
)
"""``unindexed`` names the secrets of the product that the index of values is free of; see `domain.secret_places`."""

product_subscriptions = Table(
    "product_subscriptions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("product_id", Uuid, ForeignKey("products.id"), nullable=False),
    Column("customer_id", Words, nullable=False),
    Column("description", Words, nullable=False),
    Column("status", enum_text(SubscriptionLifecycle, "status"), nullable=False),
    Column("insync", Boolean(create_constraint=True, name="insync"), nullable=False),
    Column("model", JsonText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("note", Words),
    Column("start_date", UtcDateTime),
    Column("end_date", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("customer_description", Words),
    Column("created_segment", Integer, nullable=False, server_default=text("0")),
    Column("updated_segment", Integer, nullable=False, server_default=text("0")),
)
"""``note`` and ``customer_description`` are texts that people edit beside the model.

The segments are those of `storage.product_subscription_segments`.
"""

Index("ix_product_subscriptions_product_id", product_subscriptions.c.product_id, product_subscriptions.c.id)
Index("ix_product_subscriptions_status_id", product_subscriptions.c.status, product_subscriptions.c.id)
Index(
    "ix_product_subscriptions_product_status",
    product_subscriptions.c.product_id,
    product_subscriptions.c.status,
    product_subscriptions.c.id,
)

BEGINNING_OF_CUSTOMER = func.substr(product_subscriptions.c.customer_id, literal_column("1"), literal_column("100"))
"""The indexed part of the customer's id: an index of PostgreSQL stores at most 2,700 bytes."""

Index("ix_product_subscriptions_customer", BEGINNING_OF_CUSTOMER, product_subscriptions.c.id)

_FILTERED = [product_subscriptions.c[name] for name in ("id", "status", "product_id", "insync")]
"""The columns of a list in its index: a row that the filter excludes is not read from the table."""

Index("ix_product_subscriptions_created_at", product_subscriptions.c.created_at, *_FILTERED)
Index("ix_product_subscriptions_updated_at", product_subscriptions.c.updated_at, *_FILTERED)

Index(
    "ix_product_subscriptions_created_segment",
    product_subscriptions.c.created_segment,
    product_subscriptions.c.created_at,
)
Index(
    "ix_product_subscriptions_updated_segment",
    product_subscriptions.c.updated_segment,
    product_subscriptions.c.updated_at,
)

OUT_OF_SYNC = product_subscriptions.c.insync.is_(False)
partial_index("ix_product_subscriptions_out_of_sync", product_subscriptions.c.id, where=OUT_OF_SYNC)

product_subscription_words = Table(
    "product_subscription_words",
    metadata,
    Column("subscription_id", Uuid, ForeignKey("product_subscriptions.id", ondelete="CASCADE"), nullable=False),
    Column("word", Text().with_variant(Text(collation="C"), "postgresql"), nullable=False),
    Column("created_segment", Integer, nullable=False, server_default=text("0")),
    Column("updated_segment", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("subscription_id", "word"),
)
"""The words by which people search for a subscription, in lower case; see `domain.search_words`.

The segments are copies of those of the subscription.
"""

Index(
    "ix_product_subscription_words_word",
    product_subscription_words.c.word,
    product_subscription_words.c.subscription_id,
)
for _segment in ("created_segment", "updated_segment"):
    Index(
        f"ix_product_subscription_words_{_segment}",
        product_subscription_words.c[_segment],
        product_subscription_words.c.word,
        product_subscription_words.c.subscription_id,
    )

product_subscription_locks = Table(
    "product_subscription_locks",
    metadata,
    Column(
        "subscription_id",
        Uuid,
        ForeignKey("product_subscriptions.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("locked_by", Uuid),
    Column("locked_at", UtcDateTime),
    Column("out_of_sync_by", Uuid),
    Column("out_of_sync_since", UtcDateTime),
    Column("out_of_sync_reason", Words),
)
"""Each subscription that is not in sync: a process holds it, or left it. The column ``insync`` is a copy, for lists."""

Index("ix_product_subscription_locks_locked_by", product_subscription_locks.c.locked_by)

product_subscription_uses = Table(
    "product_subscription_uses",
    metadata,
    Column("subscription_id", Uuid, ForeignKey("product_subscriptions.id", ondelete="CASCADE"), nullable=False),
    Column("owner_id", Uuid, ForeignKey("product_subscriptions.id"), nullable=False),
    Column("block_id", Uuid, nullable=False),
    PrimaryKeyConstraint("subscription_id", "owner_id", "block_id"),
)
"""The references in the stored models: the blocks of other subscriptions that a subscription uses."""

Index(
    "ix_product_subscription_uses_owner_id",
    product_subscription_uses.c.owner_id,
    product_subscription_uses.c.subscription_id,
)

product_subscription_values = Table(
    "product_subscription_values",
    metadata,
    Column("subscription_id", Uuid, ForeignKey("product_subscriptions.id", ondelete="CASCADE"), nullable=False),
    Column("block_id", Uuid, nullable=False),
    Column("path", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("subscription_id", "block_id", "path", "value"),
    sqlite_with_rowid=False,
)
"""The plain values in the stored models, by the block that has them: an index by which subscriptions are found."""

Index("ix_product_subscription_values_path", product_subscription_values.c.path, product_subscription_values.c.value)

product_subscription_blocks = Table(
    "product_subscription_blocks",
    metadata,
    Column("subscription_id", Uuid, ForeignKey("product_subscriptions.id", ondelete="CASCADE"), nullable=False),
    Column("parent_id", Uuid, nullable=False),
    Column("field", Text, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("block_id", Uuid, nullable=False),
    PrimaryKeyConstraint("subscription_id", "parent_id", "field", "owner_id", "block_id"),
    sqlite_with_rowid=False,
)
"""The blocks in the stored models, references included: the field of the block, or of the subscription, around it."""

Index(
    "ix_product_subscription_blocks_block_id",
    product_subscription_blocks.c.block_id,
    product_subscription_blocks.c.owner_id,
)

product_subscription_versions = Table(
    "product_subscription_versions",
    metadata,
    Column("subscription_id", Uuid, ForeignKey("product_subscriptions.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", enum_text(SubscriptionLifecycle, "status"), nullable=False),
    Column("model", JsonText, nullable=False),
    Column("changes", JsonText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("process_id", Uuid),
    PrimaryKeyConstraint("subscription_id", "version"),
)

process_subscriptions = Table(
    "process_subscriptions",
    metadata,
    Column("process_id", Uuid, ForeignKey("processes.id", ondelete="CASCADE"), nullable=False),
    Column("subscription_id", Uuid, nullable=False),
    Column("target", enum_text(Target, "target"), nullable=False),
    PrimaryKeyConstraint("process_id", "subscription_id"),
)
Index("ix_process_subscriptions_subscription_id", process_subscriptions.c.subscription_id)
