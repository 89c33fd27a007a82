"""The names of all commands, with a summary and the function of each; `--help` imports nothing more."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

PROGRAM: Final = "orchestrator-gql"
LOCAL_SERVER: Final = "http://127.0.0.1:8000"
SUMMARY: Final = "Workflow orchestration with callbacks and human confirmation, GraphQL first."


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its name of one or two words, its summary, and the module and the name of its function."""

    name: str
    summary: str
    function: str

    @property
    def target(self) -> str:
        """The function as a path to import."""
        return f"orchestrator_gql.cli.commands.{self.function}"


SECTIONS: Final[dict[str, tuple[Entry, ...]]] = {
    "Run": (
        Entry("serve", "run the server", "servers:serve"),
        Entry("worker", "run steps, and answer no requests", "servers:worker"),
        Entry("demo", "show everything, with a playbook that is really run", "servers:demo"),
    ),
    "Look": (
        Entry("processes", "list the processes", "lists:processes"),
        Entry("workflows", "list the workflows, or the form of one", "lists:workflows"),
        Entry("products", "list the products, or the subscriptions to one", "lists:products"),
        Entry("waits", "list what waits, the overdue first", "lists:waits"),
        Entry("services", "list the remote services, those that do not answer first", "lists:services"),
        Entry("show", "show one process", "lists:show"),
        Entry("tail", "follow what happens, live", "lists:tail"),
        Entry("notifications", "list the notifications to people outside", "lists:notifications"),
    ),
    "Decide": (
        Entry("start", "start a workflow", "decisions:start"),
        Entry("confirm", "answer the open form of a process, or reject it", "decisions:confirm"),
        Entry("claim", "claim a form, so that nobody else decides it", "decisions:claim"),
        Entry("release", "give a claimed form back", "decisions:release"),
        Entry("assign", "give a form to another team", "decisions:assign"),
    ),
    "Repair": (
        Entry("retry", "run the failed step again, of one process or of many", "repairs:retry"),
        Entry("abort", "end a process, or many", "repairs:abort"),
        Entry("adopt", "make a late or refused delivery the result", "repairs:adopt"),
        Entry("reissue", "run the action again with a fresh URL", "repairs:reissue"),
        Entry("continue", "let a process go on before the time for which it waits", "repairs:continue_now"),
        Entry("reawait", "wait longer for the same job", "repairs:reawait"),
        Entry("complete", "type in the result of a callback", "repairs:complete"),
        Entry("resend", "send a notification again", "repairs:resend"),
        Entry("pause", "start no new step until resumed", "repairs:pause"),
        Entry("resume", "go on after a pause", "repairs:resume"),
    ),
    "Maintain": (
        Entry("migrate", "bring the database up to date", "maintenance:migrate"),
        Entry("backup", "copy the SQLite file, also of a running server", "maintenance:backup"),
        Entry("prune", "delete old processes", "maintenance:prune"),
        Entry("products check", "say which stored subscriptions cannot be loaded", "products:check"),
        Entry("products migrate", "rewrite stored subscriptions of older versions", "products:migrate"),
        Entry("schema", "print the GraphQL schema", "maintenance:schema"),
        Entry("contracts", "print what remote services must send, or compare it", "maintenance:contracts"),
        Entry("port", "rewrite workflows of orchestrator-core for this package", "maintenance:port"),
        Entry("audit list", "list who decided what, the newest first", "audit:list_entries"),
        Entry("audit verify", "say whether anybody changed the audit log", "audit:verify"),
        Entry("audit export", "write the whole audit log as NDJSON", "audit:export"),
        Entry("completion", "print the script that completes words in your shell", "shells:completion"),
    ),
}

GROUPS: Final = {
    "audit": "read, export and verify who decided what",
    "products": "list the products, or the subscriptions to one",
}
"""The first words of commands of two words."""

AUDIT: Final = """\
Who decided what, and whether anybody changed the log afterwards. If the server demands a sign-in, set
ORCHESTRATOR_TOKEN to a token with the permission READ_AUDIT.

  orchestrator-gql audit list --process ID
  orchestrator-gql audit verify
  orchestrator-gql audit export --output audit.ndjson"""
"""The help of the commands on the audit log."""

EVERYWHERE: Final = (
    ("--color WHEN", "colours: auto (at a terminal), always or never; NO_COLOR=1 means never"),
    ("--help, -h", "what a command does, with its options and examples"),
    ("--version", "the version of this command"),
)
"""The options of all commands."""


EXIT_CODES: Final = (
    "Exit code 0: done; 1: the server refuses; 2: the command is wrong, or the server cannot be reached; 130: Ctrl-C."
)
"""Of every command that calls a server; some commands have more."""

OTHER_WORDS: Final = {
    "answer": "confirm",
    "approve": "confirm",
    "reject": "confirm",
    "submit": "confirm",
    "cancel": "abort",
    "kill": "abort",
    "stop": "abort",
    "list": "processes",
    "ls": "processes",
    "ps": "processes",
    "describe": "show",
    "get": "show",
    "status": "show",
    "events": "tail",
    "follow": "tail",
    "watch": "tail",
    "delete": "prune",
    "inbox": "waits",
    "tasks": "waits",
}
"""Words that other tools have for our commands."""


def entries() -> Iterator[Entry]:
    """All commands, in the order of the help."""
    for section in SECTIONS.values():
        yield from section
