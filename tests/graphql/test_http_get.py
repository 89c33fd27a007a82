"""Queries by GET: where the setting allows them, never for mutations, and never for a page of another site."""

import pytest
from toy_face import client, codes, toy_face

EVENTS = "text/event-stream"


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_the_answer_to_another_method_names_both_when_queries_by_get_are_allowed(method: str) -> None:
    async with client(toy_face(allows_get_queries=True)) as http:
        response = await http.request(method, "/?query={hello}")

    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://testserver"}, 200),
        ({"origin": "https://portal.example"}, 200),
        ({"origin": "https://portal.example", "sec-fetch-site": "cross-site"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),  # the user typed the address
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),  # an image, a script or a link of another site
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
async def test_a_page_of_another_site_sends_no_queries_by_get(headers: dict[str, str], status: int) -> None:
    face = toy_face(allows_get_queries=True, allowed_origins=["https://portal.example"])

    async with client(face) as http:
        response = await http.get("/", params={"query": "{ hello }"}, headers=headers)

    assert response.status_code == status


async def test_a_mutation_by_get_never_runs_whatever_document_hides_it() -> None:
    two = 'query A { hello } mutation B { rename(name: "x") }'

    async with client(toy_face(allows_get_queries=True)) as http:
        hidden = await http.get("/", params={"query": two, "operationName": "B"})
        beside = await http.get("/", params={"query": two, "operationName": "A"})
        events = await http.get("/", params={"query": two, "operationName": "B"}, headers={"accept": EVENTS})

    assert [one.status_code for one in (hidden, beside, events)] == [405, 200, 405]
    assert "by POST" in hidden.json()["errors"][0]["message"]


async def test_queries_by_get_run_where_they_are_switched_on_and_mutations_never_do() -> None:
    face = toy_face(allows_get_queries=True)

    async with client(face) as http:
        query = await http.get("/", params={"query": "query ($v: JSON!) { echo(value: $v) }", "variables": '{"v": 1}'})
        unnamed = await http.get("/", params={"query": "query A { hello }", "operationName": ""})
        mutation = await http.get("/", params={"query": 'mutation { rename(name: "x") }'})
        broken = await http.get("/", params={"query": "{ hello }", "variables": "{"})

    assert query.json() == {"data": {"echo": 1}}
    assert unnamed.json() == {"data": {"hello": "world"}}
    assert (mutation.status_code, mutation.headers["allow"]) == (405, "POST")
    assert (broken.status_code, codes(broken)) == (400, ["PAYLOAD_INVALID"])


@pytest.mark.parametrize(
    ("query_string", "message"),
    [
        ("query={hello}&query={echo}", "`query` is given more than once."),
        ("query={hello}&variables={}&variables={}", "`variables` is given more than once."),
        ("query={hello}&operationName=&operationName=A", "`operationName` is given more than once."),
        ("query={hello}&extensions={}&extensions=", "`extensions` is given more than once."),
        ("query=%7Becho(value:%22%ff%22)%7D", "The query string is not UTF-8."),
        ("query={hello}&variables=%7B%22v%22:%22%C3%22%7D", "The query string is not UTF-8."),
        ("query={hello}&variables={", "`variables` is not JSON: "),
        ("query={hello}&extensions=x", "`extensions` is not JSON: "),
        ("query={hello}&variables={%22a%22:NaN}", "Refused JSON: /a is not a finite number."),
        ("query={hello}&variables=[]", "`variables` must be an object or null."),
    ],
)
async def test_a_query_string_is_read_as_strictly_as_a_body(query_string: str, message: str) -> None:
    async with client(toy_face(allows_get_queries=True)) as http:
        response = await http.get(f"/?{query_string}")

    assert (response.status_code, codes(response)) == (400, ["PAYLOAD_INVALID"])
    assert response.json()["errors"][0]["message"].startswith(message)


async def test_a_parameter_of_a_proxy_may_stand_twice_and_text_beyond_ascii_needs_no_escape() -> None:
    async with client(toy_face(allows_get_queries=True)) as http:
        response = await http.get(
            "/?x=1&x=2&query=query($v:JSON!){echo(value:$v)}&variables={%22v%22:%22Zürich+%E2%82%AC%22}"
        )

    assert response.json() == {"data": {"echo": "Zürich €"}}
