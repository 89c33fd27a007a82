/** The output of a remote service or of a step as lines: colours, search, the end in view, the whole as a file. */
import { useMemo, useRef, useState } from "react";
import { bytesOf, size } from "../../bytes";
import { download } from "../../clipboard";
import { Problem } from "../Problem";
import { CopyButton } from "./CopyButton";
import { LogText, MOST_LINES, type Line } from "./lines";
import { LogPane } from "./LogPane";
import { useWhole, type LoadWhole } from "./useWhole";

export interface TextOutputProps {
  text: string;
  /** The name of the downloaded file, without its folder. */
  fileName: string;
  /** What the text is, for people who do not see it. */
  label?: string;
  /** The length of the whole text in bytes if `text` is a part of it; the part is its end. */
  wholeBytes?: number | null;
  /** The whole text, for the download and the search, if `text` is a part. */
  loadWhole?: LoadWhole;
  /** What `wholeBytes` counts, if it is more than this text: `a result`. */
  wholeName?: string;
  /** Show the end at first, as of a log; a part that is an end does so anyhow. */
  startsAtEnd?: boolean;
  /** Every line belongs to a diff, also without its heads. */
  isDiff?: boolean;
}

export default function TextOutput(props: TextOutputProps) {
  const { text, fileName, label = "Output", wholeBytes = null, loadWhole, wholeName } = props;
  const { startsAtEnd = false, isDiff = false } = props;
  const whole = useWhole(text, wholeBytes === null ? undefined : loadWhole);
  const log = useLogText(whole.text ?? text, isDiff);
  const [problem, setProblem] = useState<Error | null>(null);
  const isPart = wholeBytes !== null && whole.text === null;
  const lines = useMemo(() => (log.lines.length > MOST_LINES ? log.lines.slice(-MOST_LINES) : log.lines), [log]);

  const save = async (): Promise<void> => {
    try {
      download(await whole.load(), fileName);
    } catch (reason) {
      setProblem(reason as Error);
    }
  };
  if (text === "") return <p className="muted">Empty.</p>;
  return (
    <LogPane
      label={label}
      rows={lines}
      startsAtEnd={startsAtEnd || wholeBytes !== null}
      // The number of the first line of an end is not known.
      hasNumbers={!isPart}
      tools={
        <>
          <CopyButton text={async () => plainText(LogText.of(await whole.load()).lines)} onError={setProblem} />
          <button type="button" className="quiet" onClick={() => void save()}>
            Download
          </button>
        </>
      }
      notes={
        <>
          {isPart && (
            <p className="cut-note">
              Shows the last {size(bytesOf(text))} of {wholeName && `${wholeName} of `}
              {size(wholeBytes)}; the search finds only this part.{" "}
              {loadWhole && (
                <button
                  type="button"
                  className="quiet"
                  disabled={whole.share !== null}
                  onClick={() => void whole.show().catch(setProblem)}
                >
                  {whole.share === null ? "Show all of it" : loadingWords(whole.share)}
                </button>
              )}
            </p>
          )}
          {lines.length < log.lines.length && (
            <p className="cut-note">
              Shows the last {lines.length.toLocaleString()} of {log.lines.length.toLocaleString()} lines; the file has
              all.
            </p>
          )}
          {problem && <Problem error={problem} />}
        </>
      }
    />
  );
}

export const loadingWords = (share: number): string => `Loading… ${Math.floor(share * 100)} %`;

/** The lines of the text; if it grew, the lines that were there are the same objects. */
function useLogText(text: string, isDiff: boolean): LogText {
  const last = useRef<LogText | null>(null);
  return useMemo(() => {
    last.current = last.current?.replacedBy(text) ?? LogText.of(text, isDiff);
    return last.current;
  }, [text, isDiff]);
}

function plainText(lines: readonly Line[]): string {
  return lines.map(({ plain, isRest }, at) => (at && !isRest ? `\n${plain}` : plain)).join("");
}
