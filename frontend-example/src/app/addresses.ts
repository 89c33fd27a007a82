/** The addresses of the pages, relative to the path below which the server is reached. */

/** The path of `<base>`, which the server sets to the path of its public URL; without a final slash. */
export const basePath = new URL(document.baseURI).pathname.replace(/\/$/, "");

/** The patterns of the addresses. The server answers exactly these with the dashboard (`rest/dashboard.py`). */
export const patterns = {
  home: "/",
  inbox: "/inbox",
  processes: "/processes",
  process: "/processes/:id",
  startList: "/start",
  startForm: "/start/:workflow",
  subscriptions: "/subscriptions",
  subscription: "/subscriptions/:id",
  audit: "/audit",
  notifications: "/notifications",
  services: "/services",
} as const;

export const addresses = {
  home: patterns.home,
  inbox: patterns.inbox,
  processes: patterns.processes,
  process: (id: string) => `/processes/${id}`,
  start: (workflow?: string) => (workflow ? `/start/${encodeURIComponent(workflow)}` : patterns.startList),
  subscriptions: patterns.subscriptions,
  subscription: (id: string) => `/subscriptions/${id}`,
  audit: patterns.audit,
  notifications: patterns.notifications,
  services: patterns.services,
};

/** The address that a link of an earlier version means (`#/processes/ID`); null if the hash is no such link. */
export function addressOfHash(hash: string): string | null {
  if (!hash.startsWith("#/")) return null;
  const address = hash.slice(1);
  return address === "/tasks" ? addresses.inbox : address;
}

/** Pages that a person may have meant by an address that is none. */
export function suggestions(address: string): string[] {
  const [, first = "", second] = address.toLowerCase().split("/");
  const word = first.replace(/(es|s)$/, "");
  const near = (page: string): boolean => word.length > 2 && page.slice(1).startsWith(word.slice(0, 5));
  const pages = [addresses.inbox, addresses.processes, addresses.start(), addresses.subscriptions, addresses.audit, addresses.notifications, addresses.services];
  const lists = [...new Set([...pages.filter(near), ...(OTHER_WORDS[word] ?? [])])];
  // One object of a list that has pages for its objects.
  const objects = lists.filter((page) => page === addresses.processes || page === addresses.subscriptions);
  return [...(second ? objects.map((page) => `${page}/${second}`) : []), ...lists];
}

const OTHER_WORDS: Record<string, string[]> = {
  task: [addresses.inbox],
  form: [addresses.inbox],
  workflow: [addresses.start()],
  product: [addresses.subscriptions],
  log: [addresses.audit],
};
