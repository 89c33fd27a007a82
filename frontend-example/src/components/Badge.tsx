import { ICONS, lookOf } from "../status";

/** The icon of a status alone; the word stands beside it. */
export function StatusIcon({ status }: { status: string }) {
  return <Icon path={ICONS[lookOf(status).icon]} />;
}

export function Icon({ path }: { path: string }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

/** Icon and word, in the colours of the status. */
export function Badge({ status }: { status: string }) {
  const { tone, word } = lookOf(status);
  return (
    <span className={`badge tone-${tone}`}>
      <StatusIcon status={status} />
      {word}
    </span>
  );
}
