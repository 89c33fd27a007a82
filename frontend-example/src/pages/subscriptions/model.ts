/** The model of a product subscription as a tree of blocks. */
import { isObject, type Json } from "../../api/json";

export interface Block {
  /** The name that its class gives the kind of block: `Virtual circuit`. */
  name: string;
  id: string;
  /** The product subscription that owns the block; other subscriptions refer to it. */
  owner: string;
  members: Member[];
}

/** A field of a block or of the subscription: a plain value, a block, several blocks, or any other JSON. */
export type Member =
  | { kind: "value"; key: string; value: Plain }
  | { kind: "block"; key: string; block: Block }
  | { kind: "blocks"; key: string; blocks: Block[] }
  | { kind: "json"; key: string; value: Json };

export type Plain = null | boolean | number | string | (boolean | number | string)[];

/** What the page shows above the tree, and what identifies a block. */
const FACTS = new Set([
  "product",
  "customer_id",
  "subscription_id",
  "description",
  "status",
  "start_date",
  "end_date",
  "note",
  "version",
  "insync",
]);
const IDENTITY = new Set(["name", "subscription_instance_id", "owner_subscription_id"]);

const LONGEST_LIST = 20;

/** The fields of the model that are not shown elsewhere, with the fixed inputs of the product first. */
export function membersOf(model: Json): Member[] {
  if (!isObject(model)) return [];
  const product = isObject(model["product"]) ? model["product"] : {};
  const fixed = isObject(product["fixed_inputs"]) ? Object.entries(product["fixed_inputs"]) : [];
  const own = Object.entries(model).filter(([key]) => !FACTS.has(key));
  const names = new Set(own.map(([key]) => key));
  return [...fixed.filter(([key]) => !names.has(key)), ...own].map(([key, value]) => member(key, value as Json));
}

function member(key: string, value: Json): Member {
  if (isBlock(value)) return { kind: "block", key, block: blockOf(value) };
  if (Array.isArray(value) && value.length && value.every(isBlock)) {
    return { kind: "blocks", key, blocks: value.map((each) => blockOf(each as Record<string, Json>)) };
  }
  return isPlain(value) ? { kind: "value", key, value } : { kind: "json", key, value };
}

function isBlock(value: Json): value is Record<string, Json> {
  return isObject(value) && typeof value["subscription_instance_id"] === "string" && typeof value["name"] === "string";
}

function blockOf(value: Record<string, Json>): Block {
  return {
    name: String(value["name"]),
    id: String(value["subscription_instance_id"]),
    owner: String(value["owner_subscription_id"] ?? ""),
    members: Object.entries(value)
      .filter(([key]) => !IDENTITY.has(key))
      .map(([key, inner]) => member(key, inner)),
  };
}

function isPlain(value: Json): value is Plain {
  if (Array.isArray(value)) {
    return value.length <= LONGEST_LIST && value.every((each) => each !== null && typeof each !== "object");
  }
  return value === null || typeof value !== "object";
}

/** The ids of the other product subscriptions whose blocks are in the tree. */
export function foreignOwners(members: readonly Member[], self: string): string[] {
  const found = new Set<string>();
  const follow = (each: Member): void => {
    if (each.kind !== "block" && each.kind !== "blocks") return;
    for (const block of each.kind === "block" ? [each.block] : each.blocks) {
      if (block.owner && block.owner !== self) found.add(block.owner);
      block.members.forEach(follow);
    }
  };
  members.forEach(follow);
  return [...found];
}
