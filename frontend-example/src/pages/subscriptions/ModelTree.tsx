/** The model as people read it: blocks in blocks, with links to the product subscriptions that own them. */
import { createContext, lazy, Suspense, useContext, useState } from "react";
import { Link } from "wouter";
import { exactNumber, plainText, type Json } from "../../api/json";
import { useLive } from "../../api/useLive";
import { addresses } from "../../app/addresses";
import { Fact } from "../../components/Fact";
import { SUBSCRIPTION_NAMES } from "../../operations/products";
import { readable } from "../../visible";
import { foreignOwners, membersOf, type Block, type Member, type Plain } from "./model";

const Result = lazy(() => import("../../components/output/Result"));

/** Blocks of a long list that are drawn at first. */
const MOST = 50;
/** Blocks below this depth are closed at first. */
const DEEPEST_OPEN = 6;
/** The server lists at most so many subscriptions at once. */
const MOST_NAMES = 200;

interface Owners {
  self: string;
  names: ReadonlyMap<string, string>;
}

/** Where the drawing is in the tree. */
interface Place {
  depth: number;
  /** Within a block of another subscription, whose own page shows the rest. */
  isForeign: boolean;
}

const OwnersContext = createContext<Owners>({ self: "", names: new Map() });

export function ModelTree({ id, model }: { id: string; model: Json }) {
  const members = membersOf(model);
  const owners = foreignOwners(members, id).slice(0, MOST_NAMES);
  const { data } = useLive(
    SUBSCRIPTION_NAMES,
    { ids: owners },
    {
      concerns: (event) => "productSubscriptionId" in event && owners.includes(event.productSubscriptionId),
      isPaused: owners.length === 0,
    },
  );
  const names = new Map(data?.productSubscriptions?.nodes.map((node) => [node.id, node.description]));
  if (!members.length) return <p className="muted">The model has no fields.</p>;
  return (
    <OwnersContext value={{ self: id, names }}>
      <Members members={members} place={{ depth: 0, isForeign: false }} />
    </OwnersContext>
  );
}

function Members({ members, place }: { members: readonly Member[]; place: Place }) {
  const plain = members.filter((each) => each.kind === "value");
  const others = members.filter((each) => each.kind !== "value");
  return (
    <div className="members-of-block">
      {plain.length > 0 && (
        <dl className="fields">
          {plain.map(({ key, value }) => (
            <Fact key={key} name={key}>
              <PlainValue value={value} />
            </Fact>
          ))}
        </dl>
      )}
      {others.map((each) => (
        <Other key={each.key} member={each} place={place} />
      ))}
    </div>
  );
}

function Other({ member, place }: { member: Exclude<Member, { kind: "value" }>; place: Place }) {
  if (member.kind === "block") return <BlockTree label={member.key} block={member.block} place={place} />;
  if (member.kind === "blocks") return <BlockList label={member.key} blocks={member.blocks} place={place} />;
  return (
    <details className="block" open={isOpen(place)}>
      <summary>{member.key}</summary>
      <Suspense fallback={null}>
        <Result value={member.value} fileName={`${member.key}.json`} />
      </Suspense>
    </details>
  );
}

function BlockList({ label, blocks, place }: { label: string; blocks: readonly Block[]; place: Place }) {
  const [isWhole, setWhole] = useState(false);
  const hidden = isWhole ? 0 : Math.max(0, blocks.length - MOST);
  return (
    <>
      {blocks.slice(0, blocks.length - hidden).map((block, at) => (
        <BlockTree key={block.id} label={`${label}[${at}]`} block={block} place={place} />
      ))}
      {hidden > 0 && (
        <button type="button" className="quiet" onClick={() => setWhole(true)}>
          Show {hidden} more of {label}
        </button>
      )}
    </>
  );
}

const isOpen = ({ depth, isForeign }: Place): boolean => depth < DEEPEST_OPEN && !isForeign;

function BlockTree({ label, block, place }: { label: string; block: Block; place: Place }) {
  const { self, names } = useContext(OwnersContext);
  const isForeign = block.owner !== "" && block.owner !== self;
  return (
    <details className={isForeign ? "block foreign" : "block"} open={isOpen(place)}>
      <summary>
        <b>{label}</b> <span className="muted">{block.name}</span>
      </summary>
      {isForeign && (
        <p className="owner">
          of <Link href={addresses.subscription(block.owner)}>{names.get(block.owner) ?? block.owner}</Link>
        </p>
      )}
      <Members members={block.members} place={{ depth: place.depth + 1, isForeign }} />
    </details>
  );
}

function PlainValue({ value }: { value: Plain }) {
  if (value === null) return <span className="muted">not set</span>;
  if (Array.isArray(value)) {
    return value.length ? <span className="scalar">{value.map(wordsOf).join(", ")}</span> : <span className="muted">none</span>;
  }
  return <span className={`scalar ${exactNumber(value) === null ? typeof value : "number"}`}>{wordsOf(value)}</span>;
}

const wordsOf = (value: boolean | number | string): string => (typeof value === "string" ? readable(plainText(value)) : String(value));
