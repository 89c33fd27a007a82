/** Pages that are needed less often, what a person chooses for this browser, and the way out. */
import { Menu } from "@base-ui/react/menu";
import { useRef, type ReactNode } from "react";
import { useLocation } from "wouter";
import { signOut, token } from "../api/session";
import { useStore, type Store } from "../api/store";
import { shortcuts, taskNotices, theme, zone } from "../preferences";
import "../styles/menu.css";
import { addresses, basePath } from "./addresses";
import { showShortcuts } from "./Shortcuts";
import { allowNotices, canNotify } from "./taskNotices";
import { useViewer } from "./viewer";

/** Opened by the click that loaded it. */
export default function MoreMenu() {
  // The button that had the focus before is gone, so the library has no place to return to by itself.
  const trigger = useRef<HTMLButtonElement>(null);
  return (
    <Menu.Root defaultOpen>
      <Menu.Trigger ref={trigger} className="quiet more">
        More
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" sideOffset={6} align="end">
          <Menu.Popup className="menu" finalFocus={trigger}>
            <Pages />
            <Menu.Separator className="menu-line" />
            <Choice name="Theme" source={theme} words={{ system: "As the system", light: "Light", dark: "Dark" }} />
            <Choice name="Times" source={zone} words={{ local: "Local time", UTC: "UTC" }} />
            <Switches />
            <Way />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Pages() {
  const explorer = document.querySelector<HTMLMetaElement>("meta[name=api-explorer]")?.content;
  return (
    <>
      <PageLink href={addresses.services}>Services</PageLink>
      <PageLink href={addresses.audit}>Audit log</PageLink>
      <PageLink href={addresses.notifications}>Notifications</PageLink>
      {explorer && (
        <Menu.LinkItem className="menu-item" href={explorer} target="_blank" rel="noreferrer" closeOnClick>
          API explorer
        </Menu.LinkItem>
      )}
    </>
  );
}

function PageLink({ href, children }: { href: string; children: ReactNode }) {
  const [location, navigate] = useLocation();
  return (
    <Menu.LinkItem
      className="menu-item"
      href={basePath + href}
      closeOnClick
      aria-current={location === href ? "page" : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigate(href);
      }}
    >
      {children}
    </Menu.LinkItem>
  );
}

interface ChoiceProps<T extends string> {
  name: string;
  source: Store<T>;
  words: Record<T, string>;
}

function Choice<T extends string>({ name, source, words }: ChoiceProps<T>) {
  const chosen = useStore(source);
  return (
    <Menu.Group>
      <Menu.GroupLabel className="menu-label">{name}</Menu.GroupLabel>
      <Menu.RadioGroup value={chosen} onValueChange={(value: T) => source.set(value)}>
        {(Object.keys(words) as T[]).map((value) => (
          <Menu.RadioItem key={value} className="menu-item" value={value} closeOnClick={false}>
            <Tick isSet={value === chosen} />
            {words[value]}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
      <Menu.Separator className="menu-line" />
    </Menu.Group>
  );
}

function Switches() {
  const notices = useStore(taskNotices) === "on";
  const keys = useStore(shortcuts) === "on";
  return (
    <>
      {canNotify() && (
        <Menu.CheckboxItem
          className="menu-item"
          checked={notices}
          onCheckedChange={(isOn) => (isOn ? void allowNotices() : taskNotices.set("off"))}
          closeOnClick={false}
        >
          <Tick isSet={notices} />
          Notify me of new tasks
        </Menu.CheckboxItem>
      )}
      <Menu.Item className="menu-item" onClick={showShortcuts}>
        <Tick isSet={keys} />
        Keyboard shortcuts…
      </Menu.Item>
    </>
  );
}

/** Without sign-in there is no way out. */
function Way() {
  const { viewer } = useViewer();
  if (useStore(token) === null) return null;
  return (
    <>
      <Menu.Separator className="menu-line" />
      <Menu.Item className="menu-item" onClick={signOut}>
        <Tick isSet={false} />
        Sign out {viewer && <span className="muted">{viewer.name}</span>}
      </Menu.Item>
    </>
  );
}

function Tick({ isSet }: { isSet: boolean }) {
  return (
    <svg className="icon menu-tick" viewBox="0 0 16 16" aria-hidden="true">
      {isSet && <path d="m3.8 8.4 2.8 2.8 5.6-6" />}
    </svg>
  );
}
