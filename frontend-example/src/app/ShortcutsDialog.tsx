/** The keys of the page, and the switch that turns them off. */
import { useStore } from "../api/store";
import Dialog from "../components/Dialog";
import { shortcuts } from "../preferences";
import { SHORTCUTS } from "./keys";

export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const isOn = useStore(shortcuts) === "on";
  return (
    <Dialog title="Keyboard shortcuts" description="They do nothing while you type." onClose={onClose}>
      <dl className="shortcuts">
        {SHORTCUTS.map(({ keys, words }) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <label className="tick">
        <input type="checkbox" checked={isOn} onChange={() => shortcuts.set(isOn ? "off" : "on")} />
        Use these keys
      </label>
    </Dialog>
  );
}
