import { describe, expect, it } from "vitest";
import { foreignOwners, membersOf } from "./model";
import { pathsOf } from "./paths";

const block = (name: string, owner: string, fields: object) => ({
  name,
  subscription_instance_id: `${name}-id`,
  owner_subscription_id: owner,
  ...fields,
});

const MODEL = {
  product: { name: "L2VPN", fixed_inputs: { speed: 10 } },
  subscription_id: "self",
  status: "active",
  insync: true,
  label: "core",
  circuit: block("Circuit", "self", {
    vlan: 100,
    saps: [block("Sap", "self", { port: block("Port", "port-1", { tags: ["a", "b"], node: block("Node", "node-1", {}) }) })],
    options: { mtu: 9000 },
    spare: null,
  }),
};

describe("the tree of a model", () => {
  const members = membersOf(MODEL);

  it("has the fixed inputs and the fields that the page does not show elsewhere", () => {
    expect(members.map(({ key, kind }) => [key, kind])).toEqual([
      ["speed", "value"],
      ["label", "value"],
      ["circuit", "block"],
    ]);
  });

  it("tells plain values, blocks, lists of blocks and other JSON apart", () => {
    const circuit = members[2];
    expect(circuit?.kind === "block" && circuit.block.members.map(({ key, kind }) => [key, kind])).toEqual([
      ["vlan", "value"],
      ["saps", "blocks"],
      ["options", "json"],
      ["spare", "value"],
    ]);
  });

  it("names the owners of the blocks of other subscriptions, at any depth", () => {
    expect(foreignOwners(members, "self")).toEqual(["port-1", "node-1"]);
  });

  it("is empty for what is no model", () => {
    expect(membersOf(null)).toEqual([]);
  });
});

describe("the paths of a schema", () => {
  it("lead through lists, references and optional blocks, and end at a block that leads to itself", () => {
    const schema = {
      $defs: {
        Node: { properties: { name: { type: "string" }, spare: { anyOf: [{ $ref: "#/$defs/Node" }, { type: "null" }] } } },
        Port: { properties: { node: { $ref: "#/$defs/Node" }, vlans: { type: "array", items: { type: "integer" } } } },
      },
      properties: { ports: { type: "array", items: { $ref: "#/$defs/Port" } }, vlan: { type: "integer" } },
    };
    expect(pathsOf(schema)).toEqual(["ports.node.name", "ports.vlans", "vlan"]);
    expect(pathsOf(null)).toEqual([]);
  });
});
