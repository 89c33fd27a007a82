/** Asks for a token, over the page, and tries it before it is kept. */
import { useEffect, useState, type FormEvent } from "react";
import { signIn } from "../api/session";

export function SignIn({ reason }: { reason: string }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isTrying, setTrying] = useState(false);
  useFocusAfterwards();

  const enter = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const entered = String(new FormData(event.currentTarget).get("token") ?? "").trim();
    if (!entered) return setProblem("Enter the token first.");
    setTrying(true);
    const refusal = await tried(entered);
    setTrying(false);
    if (refusal === null) signIn(entered);
    else setProblem(refusal);
  };

  return (
    <dialog open className="sign-in" aria-labelledby="sign-in-title">
      <form onSubmit={(event) => void enter(event)}>
        <h2 id="sign-in-title">Sign in</h2>
        <p className="words">{reason}</p>
        {/* A password manager files the token under a name. */}
        <input name="username" autoComplete="username" defaultValue="orchestrator" hidden readOnly />
        <label htmlFor="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autoComplete="current-password"
          autoFocus
          aria-invalid={problem !== null}
          aria-describedby={problem ? "token-problem" : undefined}
        />
        {problem && (
          <p id="token-problem" className="error" role="alert">
            {problem}
          </p>
        )}
        <button className="primary" disabled={isTrying}>
          Sign in
        </button>
      </form>
    </dialog>
  );
}

let lastFocused: HTMLElement | null = null;
document.addEventListener("focusin", ({ target }) => {
  if (target instanceof HTMLElement && !target.closest(".sign-in")) lastFocused = target;
});

/** Whoever was typing goes on where the sign-in came between. */
function useFocusAfterwards(): void {
  useEffect(() => {
    const before = lastFocused;
    return () => {
      // The page behind is inert until React is done.
      setTimeout(() => before?.isConnected && before.focus());
    };
  }, []);
}

/** Null if the server accepts the token; else what a person should know. */
async function tried(entered: string): Promise<string | null> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${entered}` };
  const body = JSON.stringify({ query: "{ viewer { user { id } } }" });
  const response = await fetch("graphql", { method: "POST", headers, body }).catch(() => null);
  if (!response) return "The server does not answer.";
  if (response.status === 401) return "The server does not accept this token.";
  if (response.status === 429) return "Too many wrong tokens came from here. Wait a minute, then try again.";
  return response.ok ? null : `The server answered with status ${response.status}.`;
}
