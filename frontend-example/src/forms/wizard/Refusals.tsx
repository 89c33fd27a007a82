/** Errors and refusals in words for a person. */
import { Link } from "wouter";
import { ApiError } from "../../api/client";
import { addresses } from "../../app/addresses";
import { Time } from "../../components/Time";
import type { Refusal } from "./types";

/** What the server refused and, if it says so, who was first and what is in the way. */
export function RefusalWords({ refusal }: { refusal: Refusal }) {
  const { __typename, code, message, by, at, conflictingProcess, errorId, errors = [] } = refusal;
  const own = errors.filter((error) => error.message !== message);
  return (
    <>
      {message}
      {at && (
        <>
          {" That was "}
          {by && !message.includes(by.name) && `by ${by.name} `}
          <Time at={at} isRelative />.
        </>
      )}
      {conflictingProcess && (
        <>
          {" "}
          <Link href={addresses.process(conflictingProcess.id)}>Open the process that is in the way.</Link>
        </>
      )}
      {own.map((error) => ` ${error.path.join(" ")}: ${error.message}`)}
      {code === "STALE_VERSION" && " Look at what changed, then try again. What you typed is still here."}
      {__typename === "EnginePausedError" && " What you typed is kept: send it when the engine runs again."}
      <ErrorId id={errorId} message={message} />
    </>
  );
}

/** A request that failed. */
export function ErrorWords({ error }: { error: Error }) {
  return (
    <>
      {error.message}
      <ErrorId id={error instanceof ApiError ? error.errorId : null} message={error.message} />
    </>
  );
}

function ErrorId({ id, message }: { id: string | null | undefined; message: string }) {
  return id && !message.includes(id) ? (
    <span className="error-id">
      {" "}
      The server's log has the details under <code>{id}</code>.
    </span>
  ) : null;
}
