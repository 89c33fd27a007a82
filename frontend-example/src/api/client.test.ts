// @vitest-environment jsdom
import { readFileSync } from "node:fs";
import { buildSchema, getNamedType, isScalarType, TypeInfo, visit, visitWithTypeInfo, type DocumentNode } from "graphql";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as generated from "../gql/graphql";
import { ApiError, errorText, run, showsJson } from "./client";
import { progressPage } from "../operations/output";
import { stringify } from "./json";

describe("an error as a text", () => {
  it("has the id that finds the details in the server's log, once", () => {
    expect(errorText(new ApiError("It failed.", "INTERNAL_ERROR", "ab12"))).toBe("It failed. (error id ab12)");
    expect(errorText(new ApiError("It failed: ab12.", "INTERNAL_ERROR", "ab12"))).toBe("It failed: ab12.");
    expect(errorText(new ApiError("Nobody may.", "FORBIDDEN"))).toBe("Nobody may.");
    expect(errorText(new Error("The line broke."))).toBe("The line broke.");
  });
});

describe("a server of an older release", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("is named as the reason if it does not know what is asked", async () => {
    const error = { message: "Cannot query field 'assignableTo' on type 'InputRequest'.", extensions: { code: "GRAPHQL_VALIDATION_FAILED" } };
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ errors: [error] }), { status: 400, headers: { "content-type": "application/json" } }));
    await expect(run(generated.TeamsDocument, { id: "a" })).rejects.toThrow(/older release than this page.*assignableTo/);
  });
});

/** Queries whose other numbers are read with `numberOf`. */
const READ_AS_NUMBERS = ["ProgressLogPage"];

/** The names of the scalars that each query reads, apart from forms, which are lossless by another way, and schemas. */
function scalarsOfQueries(): Map<string, Set<string>> {
  const schema = buildSchema(readFileSync("../schema.graphql", "utf8"));
  const ofForms = new Set(["schema", "uiSchema", "initialData", "blockSchema"]);
  const found = new Map<string, Set<string>>();
  const documents = Object.entries(generated).filter(([name]) => name.endsWith("Document")) as [string, DocumentNode][];
  for (const [, document] of documents) {
    const [operation] = document.definitions;
    if (operation?.kind !== "OperationDefinition" || operation.operation !== "query") continue;
    const types = new TypeInfo(schema);
    const scalars = new Set<string>();
    const field = (node: { name: { value: string } }): void => {
      const type = getNamedType(types.getType());
      if (isScalarType(type) && !ofForms.has(node.name.value)) scalars.add(type.name);
    };
    visit(document, visitWithTypeInfo(types, { Field: field }));
    found.set(operation.name?.value ?? "", scalars);
  }
  return found;
}

describe("JSON that is only shown", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("is read as it was stored by every query that selects it", () => {
    const queries = [...scalarsOfQueries()];
    const withJson = queries.filter(([, scalars]) => scalars.has("JSON"));
    expect(withJson.length).toBeGreaterThan(9);
    const names = (found: typeof queries): string[] => found.map(([name]) => name).filter((name) => !READ_AS_NUMBERS.includes(name));
    expect(names(withJson.filter(([name]) => !showsJson(name)))).toEqual([]);
    expect(names(queries.filter(([name, scalars]) => showsJson(name) && scalars.has("Float")))).toEqual([]);
    expect(READ_AS_NUMBERS.filter((name) => !showsJson(name))).toEqual([]);
  });

  it("keeps the spelling of a number", async () => {
    const text = '{"data":{"productSubscription":{"id":"a","version":3,"model":{"speed":1.0,"gain":1e3,"vlan":7,"id":9007199254740993}}}}';
    vi.stubGlobal("fetch", async () => new Response(text, { headers: { "content-type": "application/json" } }));
    const { productSubscription } = await run(generated.ProductSubscriptionDetailDocument, { id: "a" });
    expect(stringify(productSubscription?.model)).toBe('{"speed":1.0,"gain":1e3,"vlan":7,"id":9007199254740993}');
    expect(productSubscription?.version).toBe(3);
  });

  it("keeps the spelling in a progress report, whose percentage is a number", async () => {
    const report = '{"percent":50.0,"message":null,"data":{"load":1.0,"at":1e3},"reportedAt":"2026-01-01T00:00:00Z"}';
    const page = `{"hasNextPage":false,"hasPreviousPage":false}`;
    const log = `{"totalCount":1,"pageInfo":${page},"edges":[{"cursor":"a","node":${report}}]}`;
    const text = `{"data":{"node":{"__typename":"Callback","progressLog":${log}}}}`;
    vi.stubGlobal("fetch", async () => new Response(text, { headers: { "content-type": "application/json" } }));
    const { reports, totalCount } = await progressPage("a", { last: 1 });
    expect([totalCount, reports[0]?.percent, stringify(reports[0]?.data)]).toEqual([1, 50, '{"load":1.0,"at":1e3}']);
  });
});
