/** How the page is built, and how it reaches the server while it is being worked on. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { print, stripIgnoredCharacters, type DocumentNode } from "graphql";
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

/** Runs before the first paint, so that a dark page never begins white; a module would run after it. */
const THEME = "src/app/theme-first.js";

function themeFirst(): Plugin {
  const content = readFileSync(THEME);
  const name = `assets/theme-${createHash("sha256").update(content).digest("hex").slice(0, 8)}.js`;
  let isBuild = false;
  return {
    name: "theme-first",
    configResolved: ({ command }) => {
      isBuild = command === "build";
    },
    transformIndexHtml: () => [{ tag: "script", attrs: { src: isBuild ? `./${name}` : `/${THEME}` }, injectTo: "head" }],
    async writeBundle({ dir = "dist" }) {
      await mkdir(join(dir, dirname(name)), { recursive: true });
      await writeFile(join(dir, name), content);
    },
  };
}

/** A generated document: its name, and what the operation is made of. */
const GENERATED = /^export const (\w+)Document = (\{.*\}) as unknown as DocumentNode/gm;
const WRITTEN = /\bgraphql\(`([^`]*)`\)/g;

/**
 * Puts the text of each operation where it is written, and leaves the generated documents out: they come in one module,
 * which every first view would load whole. While the dashboard is worked on, `graphql()` finds the documents by their texts.
 */
function documentsInPlace(): Plugin {
  const documents = new Map<string, string>();
  return {
    name: "documents-in-place",
    apply: "build",
    enforce: "pre",
    buildStart() {
      for (const [, name = "", json = ""] of readFileSync("src/gql/graphql.ts", "utf8").matchAll(GENERATED))
        documents.set(name, stripIgnoredCharacters(print(JSON.parse(json) as DocumentNode)));
    },
    transform(code, id) {
      if (!id.includes("/src/operations/")) return null;
      return code.replace(/^import \{ graphql \}.*$/m, "").replace(WRITTEN, (_, text: string) => {
        const [, name] = /(?:query|mutation|subscription) (\w+)/.exec(text) ?? [];
        if (!name) return "undefined";
        const document = documents.get(name);
        if (document === undefined) this.error(`The operation ${name} is not generated: npm run codegen.`);
        return JSON.stringify(document);
      });
    },
  };
}

const COMPRESSED = /\.(js|css|svg|txt)$/;
/** Bytes below which a copy saves no packet. */
const WORTH_A_COPY = 1_000;

/** Compressed copies beside the files, which the server sends to browsers that accept them. */
function precompressed(): Plugin {
  let folder = "dist";
  return {
    name: "precompressed",
    apply: "build",
    configResolved: ({ build }) => {
      folder = build.outDir;
    },
    closeBundle: {
      order: "post",
      sequential: true,
      handler: async () => {
        const names = await readdir(folder, { recursive: true });
        await Promise.all(names.filter((name) => COMPRESSED.test(name)).map((name) => compress(join(folder, name))));
      },
    },
  };
}

async function compress(file: string): Promise<void> {
  const content = await readFile(file);
  if (content.length < WORTH_A_COPY) return;
  // The best quality takes seconds for GraphiQL's large files, and gains a tenth.
  const quality = content.length > 400_000 ? 9 : constants.BROTLI_MAX_QUALITY;
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }),
    promisify(gzip)(content, { level: 9 }),
  ]);
  await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)]);
}

export default defineConfig({
  plugins: [documentsInPlace(), react(), copied(), themeFirst(), precompressed()],
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
        configure: (proxy) => {
          // The server refuses requests whose Origin is not its own.
          proxy.on("proxyReq", (request) => request.setHeader("origin", server));
          proxy.on("error", () => console.error(`No API at ${server}: start one, or set ORCHESTRATOR_SERVER.`));
        },
      },
      "/graphiql": { target: server, changeOrigin: true },
    },
  },
});
