"""The metrics of `/metrics` that are read from their objects at each scrape."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from orchestrator_gql.utils.author_places import Authors
from orchestrator_gql.utils.slow_readers import Reason, SlowReaders


class ConnectionCounts(Protocol):
    """The numbers of connected clients."""

    @property
    def open_sockets(self) -> int:
        """The number of open WebSockets."""
        ...

    @property
    def open_subscriptions(self) -> int:
        """The number of running subscriptions, over WebSockets and server-sent events."""
        ...

    @property
    def shared_subscriptions(self) -> int:
        """The number of them that get their responses from a group."""
        ...

    @property
    def subscription_groups(self) -> int:
        """The number of these groups: each executes a batch of events once."""
        ...


class ConnectionCollector(Collector):
    """The connected clients."""

    def __init__(self, counts: ConnectionCounts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """The numbers now."""
        for name, description, value in (
            ("sockets", "WebSockets that are open at this server.", self._counts.open_sockets),
            ("subscribers", "Subscriptions followed at this server.", self._counts.open_subscriptions),
            (
                "subscribers_shared",
                "Subscribers that share the executions of equal subscriptions.",
                self._counts.shared_subscriptions,
            ),
            ("subscription_groups", "Executions that subscribers share.", self._counts.subscription_groups),
        ):
            yield GaugeMetricFamily(f"orchestrator_{name}", description, value)


class SlowReaderCollector(Collector):
    """The clients that read slowly."""

    def __init__(self, slow_readers: SlowReaders) -> None:
        self._slow_readers = slow_readers

    def collect(self) -> Iterator[Metric]:
        """The bytes that wait for clients now, and the number of disconnected clients."""
        description = "Bytes that wait for clients which read slowly."
        yield GaugeMetricFamily("orchestrator_bytes_waiting", description, self._slow_readers.bytes_waiting)
        description = "Clients that were disconnected because they did not read, by reason."
        family = CounterMetricFamily("orchestrator_slow_clients_disconnected", description, labels=["reason"])
        for reason in Reason:
            family.add_metric([reason], self._slow_readers.disconnected[reason])
        yield family


class AuthorsCollector(Collector):
    """The functions of authors, by the place where they run."""

    def __init__(self, authors: Authors) -> None:
        self._authors = authors

    def collect(self) -> Iterator[Metric]:
        """The threads of authors' functions, and the functions that do not return."""
        labels = ["place"]
        description = "Threads that run authors' functions."
        threads = GaugeMetricFamily("orchestrator_author_threads", description, labels=labels)
        description = "Authors' functions that did not return in time, and still run."
        stuck = GaugeMetricFamily("orchestrator_author_calls_stuck", description, labels=labels)
        description = "Authors' functions that wait for a thread."
        waiting = GaugeMetricFamily("orchestrator_author_calls_waiting", description, labels=labels)
        description = "Authors' functions that took longer than their limit."
        timeouts = CounterMetricFamily("orchestrator_author_timeouts", description, labels=labels)
        for place in self._authors.places:
            threads.add_metric([place.name], place.thread_count)
            stuck.add_metric([place.name], place.stuck)
            waiting.add_metric([place.name], place.threads.waiting)
            timeouts.add_metric([place.name], place.timeouts)
        description = "How often a function blocked an event loop for over a second; the log names the function."
        blocks = CounterMetricFamily("orchestrator_event_loop_blocks", description, labels=["loop"])
        for name, count in self._authors.blocks.items():
            blocks.add_metric([name], count)
        yield from (threads, stuck, waiting, timeouts, blocks)


class FixedCollector(Collector):
    """Families that were made before."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> list[Metric]:
        """The given families."""
        return self._families
