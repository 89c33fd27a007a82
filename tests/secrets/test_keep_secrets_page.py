"""The workflow on the documentation page about secrets works as the page says."""

import importlib.util
import re
from pathlib import Path
from typing import Any

from orchestrator_gql.testing import Kit
from orchestrator_gql.utils.json.redaction import MASK

PAGE = Path(__file__).parents[2] / "docs/howto/keep-secrets.md"


def workflow_of_the_page(folder: Path) -> Any:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (folder / "fetch.py").write_text(code)
    spec = importlib.util.spec_from_file_location("fetch", folder / "fetch.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.fetch_keys


async def test_the_workflow_of_the_page_gets_its_secrets_and_shows_none(tmp_path: Path) -> None:
    async with Kit(workflow_of_the_page(tmp_path)) as kit:
        run = await kit.start("fetch_keys", {"user": "ada", "password": "s3cr3t-Pass"})
        await run.answer({"api_key": "k-4242-k-4242"})
        page = await run.page()
        await run.submit(page.initial_data)
        process = await run.rests("COMPLETED")
        deltas = [execution.delta for execution in await run.steps()]

    assert page.initial_data == {"api_key": MASK}
    assert process.start_pages == ({"user": "ada", "password": MASK},)
    assert process.state["session"] == {"node": "ams-1", "cookie": "ada:s3cr3t-Pass"}
    assert process.state["api_key"] == "k-4242-k-4242" and process.state["is_long"] is True
    assert not {"s3cr3t-Pass", "k-4242-k-4242"} & set(re.findall(r"[\w-]+", str(deltas)))
