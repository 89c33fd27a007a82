/** Downloads the audit log: the address needs the token, so a plain link would not do. */
import { ApiError } from "../../api/client";
import { credentials } from "../../api/session";
import { isObject } from "../../api/json";

export async function exportLog(onProgress: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  const response = await fetch(new URL("api/audit/export", document.baseURI), { headers: credentials(), signal });
  if (!response.ok || !response.body) throw new ApiError(await refusalOf(response));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    bytes += part.value.length;
    onProgress(bytes);
  }
  save(new Blob(parts, { type: "application/x-ndjson" }), "audit.ndjson");
}

/** The server describes a problem as RFC 9457 says. */
async function refusalOf(response: Response): Promise<string> {
  const problem: unknown = await response.json().catch(() => null);
  const detail = isObject(problem) ? problem["detail"] : null;
  return typeof detail === "string" ? detail : `The server answered with status ${response.status}.`;
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken the file over by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
