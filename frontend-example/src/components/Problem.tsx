/** A request that failed: the words of the server, its code, and the error id that finds the details in the server's log. */
import { ApiError, Unauthenticated } from "../api/client";
import { Copy } from "./Copy";

interface Props {
  error: Error;
  /** What did not work, in a few words: `The list was not read.` */
  title?: string;
  onRetry?: (() => void) | undefined;
  isRetrying?: boolean;
}

export function Problem({ error, title, onRetry, isRetrying = false }: Props) {
  // The sign-in stands over the page, and what is read afterwards replaces the error.
  if (error instanceof Unauthenticated) return null;
  const { code, errorId } = error instanceof ApiError ? error : { code: null, errorId: null };
  return (
    <div className="problem" role="alert">
      {title && <p className="problem-title">{title}</p>}
      <p className="words">{error.message || "Something went wrong."}</p>
      {(code || errorId) && (
        <p className="problem-facts">
          {code && <code>{code}</code>}
          {errorId && (
            <span>
              Error id <code className="id">{errorId}</code> <Copy text={errorId} what="the error id" />
            </span>
          )}
        </p>
      )}
      {onRetry && (
        <button type="button" onClick={onRetry} disabled={isRetrying}>
          {isRetrying ? "Trying…" : "Try again"}
        </button>
      )}
    </div>
  );
}
