import { describe, expect, it } from "vitest";
import { optionsOf, workflowOptions } from "./options";

describe("the options of a filter", () => {
  it("are each value once, in the order of the labels", () => {
    const found = optionsOf([
      ["b", "Beta"],
      ["z", "Alpha"],
      ["b", "Beta"],
    ]);
    expect(found).toEqual([
      { value: "z", label: "Alpha" },
      { value: "b", label: "Beta" },
    ]);
  });

  it("name a workflow by its title and by its name, so that two of one title are told apart", () => {
    const workflows = [
      { name: "move_node", description: null },
      { name: "create_b", description: "Create a node" },
      { name: "create_a", description: "Create a node" },
      { name: "Greet", description: " " },
    ];
    expect(workflowOptions(workflows).map(({ label }) => label)).toEqual([
      "Create a node (create_a)",
      "Create a node (create_b)",
      "Greet",
      "Move node (move_node)",
    ]);
  });
});
