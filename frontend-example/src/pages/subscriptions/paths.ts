/** The paths of values in the models of a product, from the JSON Schema of its blocks: suggestions for a filter. */
import { isObject } from "../../api/json";

const MOST = 500;
const DEEPEST = 8;

/** `port.node.node_name`: lists have no positions in a path. A block that leads to itself is followed once. */
export function pathsOf(schema: unknown): string[] {
  if (!isObject(schema)) return [];
  const definitions = isObject(schema["$defs"]) ? schema["$defs"] : {};
  const found = new Set<string>();

  const follow = (node: unknown, path: readonly string[], seen: readonly string[]): void => {
    if (!isObject(node) || found.size >= MOST || path.length > DEEPEST) return;
    const name = typeof node["$ref"] === "string" ? node["$ref"].replace("#/$defs/", "") : null;
    if (name !== null) {
      if (!seen.includes(name)) follow(definitions[name], path, [...seen, name]);
      return;
    }
    const choices = [node["anyOf"], node["oneOf"], node["allOf"]].flatMap((each) => (Array.isArray(each) ? each : []));
    for (const choice of choices) follow(choice, path, seen);
    if (node["items"]) return follow(node["items"], path, seen);
    if (isObject(node["properties"])) {
      for (const [key, value] of Object.entries(node["properties"])) follow(value, [...path, key], seen);
      return;
    }
    if (path.length && node["type"] !== "null" && !choices.length) found.add(path.join("."));
  };

  follow(schema, [], []);
  return [...found];
}
