/** A search for a product subscription: a combobox that asks the server for what is typed, and holds the id that is chosen. */
import { request, type Json } from "../api";
import { SUBSCRIPTIONS } from "../documents";
import { announce, h, visible } from "../dom";
import type { Control, Wanted } from "./controls";

/** The format of a field with the id of a product subscription, and its key with the filter of those to choose from. */
export const SUBSCRIPTION_FORMAT = "subscriptionId";
const FILTER_KEY = "x-product-subscriptions";

interface Subscription {
  id: string;
  description: string;
  customerDescription: string | null;
  customerId: string;
  status: string;
  inSync: boolean;
  product: { name: string };
}

interface Found {
  productSubscriptions: { nodes: Subscription[]; pageInfo: { hasNextPage: boolean } };
}

const SHOWN = 10;
const PAUSE_MS = 150;

export function picker(wanted: Wanted): Control {
  return new Picker(wanted).control;
}

class Picker {
  readonly control: Control;
  private readonly input: HTMLInputElement;
  private readonly list: HTMLUListElement;
  private readonly note = h("p", { class: "help", role: "status" });
  private found: Subscription[] = [];
  private active = -1;
  private chosen = "";
  private asked = 0;
  private timer = 0;

  constructor(private readonly wanted: Wanted) {
    const { id, value } = wanted;
    this.list = h("ul", { id: `${id}-list`, role: "listbox", "aria-label": "Product subscriptions", hidden: true });
    this.input = h("input", {
      id,
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: "Search",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
      oninput: () => this.typed(),
      onclick: () => this.list.hidden && this.search(),
      onkeydown: (event) => this.key(event as KeyboardEvent),
      onblur: () => this.close(),
    });
    const element = h("div", { class: "picker" }, this.input, this.list, this.note);
    this.control = { element, focusable: this.input, read: () => this.read() };
    if (typeof value === "string" && value) void this.show(value);
  }

  /** The chosen id, or what was typed: an id typed by hand is as good, and the server judges everything else. */
  private read(): Json | undefined {
    const text = this.chosen || this.input.value.trim();
    return text || (this.wanted.nullable ? null : undefined);
  }

  /** Show what a known id stands for, once the server has told it. */
  private async show(id: string): Promise<void> {
    this.input.value = this.chosen = id;
    try {
      const [known] = (await this.ask({ ids: [id] }, 1)).productSubscriptions.nodes;
      if (known && this.chosen === id) this.choose(known);
    } catch {
      // The id stays as it is.
    }
  }

  private typed(): void {
    this.chosen = "";
    this.found = []; // the list on the screen answers another text: Enter must not choose from it
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.note.textContent = "";
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.search(), PAUSE_MS);
  }

  private async search(): Promise<void> {
    clearTimeout(this.timer);
    const turn = (this.asked += 1);
    const filter = this.wanted.schema[FILTER_KEY] as Record<string, Json> | undefined;
    const search = this.chosen ? null : this.input.value.trim() || null;
    try {
      const { nodes, pageInfo } = (await this.ask({ ...filter, search }, SHOWN)).productSubscriptions;
      // An earlier question may be answered later than this one; and nothing opens where the focus is elsewhere.
      if (turn !== this.asked || document.activeElement !== this.input) return;
      this.found = nodes;
      this.note.textContent = pageInfo.hasNextPage ? `The first ${SHOWN} are shown: type more to find others.` : "";
      this.draw(search);
    } catch (problem) {
      if (turn !== this.asked) return;
      this.close();
      this.note.textContent = visible((problem as Error).message);
    }
  }

  private ask(filter: Record<string, Json>, first: number): Promise<Found> {
    return request<Found>(SUBSCRIPTIONS, { filter, first });
  }

  private draw(search: string | null): void {
    const rows = this.found.map((one, index) =>
      h(
        "li",
        {
          id: `${this.list.id}-${index}`,
          role: "option",
          "aria-selected": "false",
          // Before the blur, which closes the list.
          onmousedown: (event) => {
            event.preventDefault();
            this.choose(one);
          },
        },
        h("strong", {}, one.description),
        h("span", { class: "muted" }, facts(one)),
      ),
    );
    const words = search ? "No product subscription is found." : "There is no product subscription to choose.";
    this.list.replaceChildren(...rows);
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.list.hidden = !rows.length;
    this.input.setAttribute("aria-expanded", String(rows.length > 0));
    if (!rows.length) this.note.textContent = words;
    else announce(rows.length === 1 ? "1 product subscription." : `${rows.length} product subscriptions.`);
  }

  private key(event: KeyboardEvent): void {
    const isOpen = !this.list.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (isOpen) this.move(step);
      else void this.search();
    } else if (event.key === "Enter" && isOpen) {
      event.preventDefault(); // it chooses, and submits nothing
      const one = this.found[this.active] ?? (this.found.length === 1 ? this.found[0] : undefined);
      if (one) this.choose(one);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      this.close();
    }
  }

  private move(step: number): void {
    const rows = [...this.list.children];
    this.active = (this.active + step + rows.length + (this.active < 0 && step < 0 ? 1 : 0)) % rows.length;
    rows.forEach((row, index) => row.setAttribute("aria-selected", String(index === this.active)));
    const row = rows[this.active];
    if (!row) return;
    this.input.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  }

  private choose(one: Subscription): void {
    this.chosen = one.id;
    this.input.value = one.description;
    this.close();
    this.note.textContent = visible(`${facts(one)} · ${one.id}`);
  }

  private close(): void {
    this.asked += 1; // what is still asked opens nothing any more
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

const facts = ({ product, customerId, customerDescription, status, inSync }: Subscription): string =>
  [customerDescription, product.name, customerId, status.toLowerCase(), inSync ? null : "out of sync"]
    .filter(Boolean)
    .join(" · ");
