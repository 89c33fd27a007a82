/** The addresses of the pages, relative to the path below which the server is reached. */

/** The path of `<base>`, which the server sets to the path of its public URL; without a final slash. */
export const basePath = new URL(document.baseURI).pathname.replace(/\/$/, "");

export const addresses = {
  home: "/",
  inbox: "/inbox",
  processes: "/processes",
  process: (id: string) => `/processes/${id}`,
  start: (workflow?: string) => (workflow ? `/start/${encodeURIComponent(workflow)}` : "/start"),
  subscriptions: "/subscriptions",
  subscription: (id: string) => `/subscriptions/${id}`,
  audit: "/audit",
  notifications: "/notifications",
};
