/** What a page only says: labels, dividers, callouts, markdown and tables. */
import type { Json } from "../../api/json";
import { blocksOf, type Block, type Span } from "../markdown";
import { asList, asSchema } from "../schema";
import { textOf } from "../typed";
import { readable } from "../../visible";
import type { DrawnProps } from "./drawn";

/** Data of a process may be in what a page says, and must not read as other data. */
const wordsOf = (value: Json | undefined): string => readable(textOf(value));

export const DividerField = () => <hr />;

export function LabelField({ value, label }: DrawnProps) {
  return <p className="words page-label">{wordsOf(value) || readable(label)}</p>;
}

const TONES: Record<string, string> = { success: "good", warning: "person", danger: "bad", primary: "busy", accent: "remote" };

export function CalloutField({ value }: DrawnProps) {
  const { header, message, message_type: type } = asSchema(value);
  return (
    <div className={`page-callout tone-${TONES[textOf(type)] ?? "busy"}`} role="note">
      {wordsOf(header) && <strong>{wordsOf(header)}</strong>}
      {wordsOf(message) && <p className="words">{wordsOf(message)}</p>}
    </div>
  );
}

export function MarkdownField({ value }: DrawnProps) {
  const { content } = asSchema(value);
  return (
    <div className="markdown">
      {blocksOf(wordsOf(content)).map((block, at) => (
        <BlockView key={at} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { block: Block }) {
  switch (block.type) {
    case "rule":
      return <hr />;
    case "code":
      return <pre tabIndex={0}>{block.text}</pre>;
    case "list": {
      const items = block.items.map((spans, at) => (
        <li key={at}>
          <Spans spans={spans} />
        </li>
      ));
      return block.isOrdered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case "heading":
      return (
        <h4>
          <Spans spans={block.spans} />
        </h4>
      );
    case "quote":
      return (
        <blockquote>
          <Spans spans={block.spans} />
        </blockquote>
      );
    default:
      return (
        <p className="words">
          <Spans spans={block.spans} />
        </p>
      );
  }
}

function Spans({ spans }: { spans: readonly Span[] }) {
  return spans.map((span, at) => <SpanView key={at} span={span} />);
}

function SpanView({ span }: { span: Span }) {
  if (span.type === "link")
    return (
      <a href={span.address} target="_blank" rel="noreferrer noopener">
        {span.text}
      </a>
    );
  if (span.type === "code") return <code>{span.text}</code>;
  if (span.type === "strong") return <strong>{span.text}</strong>;
  return span.type === "em" ? <em>{span.text}</em> : <>{span.text}</>;
}

/** A table: its data is in the options of the field. `columns` holds the columns, and `labels` name the rows. */
export function SummaryField({ schema, value }: DrawnProps) {
  const { headers, labels, columns } = asSchema(asSchema(schema.extraProperties).data ?? value);
  const cells = asList(columns).map(asList);
  const rows = Math.max(asList(labels).length, ...cells.map((column) => column.length));
  if (rows < 0 || !cells.length) return <p className="muted">There is nothing to show.</p>;
  return (
    <div className="summary-table" tabIndex={0} role="group" aria-label="Summary">
      <table>
        {asList(headers).length > 0 && (
          <thead>
            <tr>
              {asList(labels).length > 0 && <td />}
              {asList(headers).map((header, at) => (
                <th key={at} scope="col">
                  {wordsOf(header)}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {Array.from({ length: rows }, (_, row) => (
            <SummaryRow key={row} label={asList(labels)[row]} cells={cells.map((column) => column[row])} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SummaryRow({ label, cells }: { label: Json | undefined; cells: readonly (Json | undefined)[] }) {
  return (
    <tr>
      {label !== undefined && <th scope="row">{wordsOf(label)}</th>}
      {cells.map((cell, at) => (
        <td key={at}>{typeof cell === "object" ? "" : wordsOf(cell)}</td>
      ))}
    </tr>
  );
}
