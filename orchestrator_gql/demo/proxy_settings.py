"""The settings of the demo's Ansible proxy, read from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """Folders and behaviour of the proxy.

    ``work`` is the ``work_dir`` of playbooks. ``rest`` is the number of seconds between the tasks of the demo's
    playbook, so that people can watch. ``is_inline`` makes the proxy report the result before it answers the request,
    as a very fast remote service does.
    """

    work: Path = Path("device-configurations")
    playbooks: Path = _HERE / "playbooks"
    executables: Path = _HERE / "executables"
    rest: int = 0
    is_inline: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read ``ANSIBLE_PROXY_WORK_DIR``, ``…_PLAYBOOKS``, ``…_EXECUTABLES``, ``…_DELAY`` and ``…_INLINE``.

        Raises ``ValueError`` if the delay is no whole number of seconds.
        """
        default = cls()
        return cls(
            work=Path(environment.get("ANSIBLE_PROXY_WORK_DIR", default.work)),
            playbooks=Path(environment.get("ANSIBLE_PROXY_PLAYBOOKS", default.playbooks)),
            executables=Path(environment.get("ANSIBLE_PROXY_EXECUTABLES", default.executables)),
            rest=int(environment.get("ANSIBLE_PROXY_DELAY", default.rest)),
            is_inline=environment.get("ANSIBLE_PROXY_INLINE") == "1",
        )
