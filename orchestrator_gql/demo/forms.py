"""The forms of the demo's workflows: the start forms, and the pages that show a result for confirmation."""

from typing import Any

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic_forms.validators import Choice, LongText

from orchestrator_gql.demo.network import NETWORK_PORTS, NODE_NAMES
from orchestrator_gql.forms import FormPage, ReadOnly, SubmitFormPage
from orchestrator_gql.types import FormGenerator

PortChoice = Choice.__call__("PortChoice", {key: (key, port.label) for key, port in NETWORK_PORTS.items()})
NodeChoice = Choice.__call__("NodeChoice", {name: name for name in NODE_NAMES})


class SpeedChoice(Choice):
    """The speeds that a customer can order, in Mbit/s."""

    SLOW = "100", "100 Mbit/s"
    USUAL = "1000", "1 Gbit/s"
    FAST = "10000", "10 Gbit/s"


def order_form() -> FormGenerator:
    """Ask for the two ends first, then for the circuit between them."""

    class PortsPage(FormPage):
        model_config = ConfigDict(title="Which ports?")

        port_a: PortChoice = Field(title="From")  # type: ignore[valid-type]
        port_b: PortChoice = Field(title="To")  # type: ignore[valid-type]

        @field_validator("port_b")
        @classmethod
        def is_another_port(cls, port_b: Choice, info: ValidationInfo) -> Choice:
            if port_b == info.data.get("port_a"):
                raise ValueError("A circuit needs two different ports.")
            return port_b

    class CircuitPage(SubmitFormPage):
        model_config = ConfigDict(title="Which circuit?")

        vlan: int = Field(title="VLAN", ge=2, le=4094)
        service_speed: SpeedChoice = Field(SpeedChoice.USUAL, title="Speed")
        let_playbook_fail: bool = Field(False, title="Let the playbook fail, to see what happens then")

    ports = yield PortsPage
    circuit = yield CircuitPage
    return {**ports.model_dump(), **circuit.model_dump()}


def node_form() -> FormGenerator:
    """Ask for a device."""

    class NodePage(SubmitFormPage):
        model_config = ConfigDict(title="Which device?")

        node_name: NodeChoice = Field(title="Device")  # type: ignore[valid-type]

    node = yield NodePage
    return {**node.model_dump()}


def result_page(title: str, label: str, result: dict[str, Any]) -> type[FormPage]:
    """A page that shows how a playbook ended; a person only presses its button."""

    class ResultPage(SubmitFormPage):
        model_config = ConfigDict(title=title)
        submit_label = label

        run_status: ReadOnly[str] = Field(result["status"], title="Status")
        run_output: ReadOnly[LongText] = Field("\n".join(result["output"]), title="Output of the playbook")

    return ResultPage
