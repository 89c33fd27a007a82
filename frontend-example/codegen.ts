/** Types for every operation in src/, from the server's schema: `npm run codegen` writes src/gql/, which is committed. */
import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../schema.graphql",
  documents: ["src/**/*.{ts,tsx}", "!src/gql/**"],
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        scalars: { DateTime: "string", JSON: "import('../api/json').Json", ID: "string" },
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
      },
    },
  },
};

export default config;
