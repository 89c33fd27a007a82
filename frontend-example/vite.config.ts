/** How the page is built, and how it reaches the server while it is being worked on. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const server = process.env["ORCHESTRATOR_SERVER"] ?? "http://127.0.0.1:8000";

/**
 * Files of the build that are copied as they were published, by their place in it. GraphiQL is served from here because no
 * request may leave the origin; the licences go where the code goes.
 */
const COPIED: Record<string, string> = {
  "graphiql/react.js": "node_modules/react-18/umd/react.production.min.js",
  "graphiql/react-dom.js": "node_modules/react-dom-18/umd/react-dom.production.min.js",
  "graphiql/graphiql.js": "node_modules/graphiql/graphiql.min.js",
  "graphiql/graphiql.css": "node_modules/graphiql/graphiql.min.css",
  "graphiql/boot.js": "graphiql/boot.js",
  "graphiql/boot.css": "graphiql/boot.css",
  "graphiql/LICENSE-react.txt": "node_modules/react-18/LICENSE",
  "graphiql/LICENSE-graphiql.txt": "node_modules/graphiql/LICENSE",
  "assets/LICENSE-graphql-ws.txt": "node_modules/graphql-ws/LICENSE.md",
};

function copied(): Plugin {
  return {
    name: "copy-as-published",
    apply: "build",
    async writeBundle({ dir = "dist" }) {
      await Promise.all(Object.entries(COPIED).map(([place, source]) => cp(source, join(dir, place))));
    },
  };
}

export default defineConfig({
  plugins: [react(), copied()],
  // Relative to the <base> of the page, which the server sets to the path of its public URL.
  base: "./",
  build: {
    // Small files as data: URLs would be refused by the server's Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/graphql": {
        target: server,
        changeOrigin: true,
        ws: true,
        rewriteWsOrigin: true,
        // The server refuses requests whose Origin is not its own.
        configure: (proxy) => proxy.on("proxyReq", (request) => request.setHeader("origin", server)),
      },
    },
  },
});
