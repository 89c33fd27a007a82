/** The output of a remote service or of a step as lines. */

interface Props {
  text: string;
  /** The name of the downloaded file, without its folder. */
  fileName: string;
  /** The length of the whole text in bytes if `text` is a part of it; the part is its end. */
  wholeBytes?: number | null;
  /** The whole text, for the download and the search, if `text` is a part. */
  loadWhole?: () => Promise<string>;
}

export default function TextOutput({ text }: Props) {
  return <pre>{text}</pre>;
}
