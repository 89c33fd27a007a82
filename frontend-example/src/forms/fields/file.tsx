/** Bytes: typed as text, or read from a file. */
import { useState } from "react";
import { LARGEST_FILE, sizeOf, toBase64, toText } from "../bytes";
import { textOf } from "../typed";
import type { DrawnProps } from "./drawn";
import { LinesField, TextField } from "./text";

export function FileField(props: DrawnProps) {
  const { schema, value, control, label, change } = props;
  const [problem, setProblem] = useState("");
  const isBase64 = schema.format !== "binary";
  const read = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    const [content, why] = await contentOf(file, String(schema.format));
    setProblem(why);
    if (content !== null) change(content);
  };
  const text = textOf(value);
  return (
    <div className="file">
      {isBase64 ? <TextField {...props} schema={{ ...schema, format: "base64" }} /> : <LinesField {...props} />}
      <div className="file-tools">
        <label className="button file-choice">
          Read a file…
          <input type="file" className="unseen" aria-label={`File for ${label}`} onChange={({ target }) => void read(target.files?.[0])} />
        </label>
        <span className="help" id={`${control.id}__size`}>
          {isBase64 ? `Base64 of ${sizeOf(text).toLocaleString()} bytes.` : `${new TextEncoder().encode(text).length.toLocaleString()} bytes of text.`}
        </span>
      </div>
      {problem && (
        <p className="error" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

async function contentOf(file: File, format: string): Promise<[string | null, string]> {
  if (file.size > LARGEST_FILE) return [null, `The file has ${file.size.toLocaleString()} bytes; at most ${LARGEST_FILE.toLocaleString()} are possible.`];
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (format !== "binary") return [toBase64(bytes, format === "base64url"), ""];
  const text = toText(bytes);
  return [text, text === null ? "The file is not text in UTF-8." : ""];
}
