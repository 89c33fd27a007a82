/** One input request: the form, who may decide, and the decisions so far. */

export default function InputRequest({ id }: { id: string }) {
  return <p className="muted">{id}</p>;
}
