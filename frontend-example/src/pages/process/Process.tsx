export default function Process() {
  return <p>To come.</p>;
}
