import pulumi from "@pulumi/eslint-plugin";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** The folders that each folder's files may import, beside their own: knowledge goes in one direction. */
const mayKnow = {
  lib: [],
  chart: ["lib"],
  dns: ["lib"],
  components: ["lib", "chart", "dns"],
  config: ["lib", "chart", "dns", "components"],
  adopt: ["lib", "chart", "dns", "components", "config"],
  doctor: ["lib", "chart", "dns", "components", "config", "adopt"],
  fleet: ["lib", "chart", "dns", "components", "config", "doctor"],
  policy: ["lib", "chart", "dns", "components", "config"],
  startup: ["lib"],
  sandbox: ["lib", "chart"],
};
/** The one file of a folder that a file of another may import against that direction. */
const doors = {
  "doctor/inSandbox.ts": "sandbox/index.ts",
  "fleet/inSandbox.ts": "sandbox/index.ts",
};

const folders = Object.keys(mayKnow);

/** A word from elsewhere in a command that a message shows: only the tag quotes it for the shell. */
const unquotedCommand = {
  selector:
    ":not(TaggedTemplateExpression) > TemplateLiteral > TemplateElement[tail=false]" +
    "[value.raw=/(^|[^-\\w.\\u0027\\u002F@])(pulumi (up|preview|refresh|destroy|config|stack|state|cancel|import)|npm run|kubectl|helm|gcloud|dig|curl|openssl) [^.;:)`\\n]*$/]",
  message: "Write the command as shell`…` (lib/shell.ts), which quotes the word.",
};

const kubernetesClientOfPackage = {
  selector: "ImportDeclaration[importKind=value][source.value='@kubernetes/client-node']",
  message:
    "Import types alone; values, which take long to load, come from lib/kubernetesClient.ts.",
};

const oneResource = {
  regex: "^@pulumi/(cloudflare|gcp|kubernetes|random)(/(?!.*\\.js$)|$)",
  message: "It loads many services of the provider. Import the file of the one resource.",
};

/** Forbids imports from the folders that this one may not know. */
function direction(folder, door) {
  const forbidden = [...folders, "test"].filter(
    (other) => other !== folder && !mayKnow[folder].includes(other),
  );
  const exception = door === undefined ? "" : `(?!${door.replace(".", "\\.")}$)`;
  return [
    "error",
    {
      patterns: [
        oneResource,
        {
          regex: `^(\\.\\./)+${exception}(${forbidden.join("|")})/`,
          message: `${folder}/ does not know this folder: what both need goes to one that stands before them (eslint.config.js).`,
        },
      ],
    },
  ];
}

export default defineConfig(
  globalIgnores(["node_modules/", ".sandbox*/", ".fleet/", "dist/"]),
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { "@pulumi": pulumi },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { ignoreRestSiblings: true, varsIgnorePattern: "^_$" },
      ],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "no-restricted-imports": ["error", { patterns: [oneResource] }],
      "no-restricted-syntax": ["error", unquotedCommand, kubernetesClientOfPackage],
      eqeqeq: "error",
    },
  },
  {
    // The Node that is first on PATH reads it before it is found too old.
    files: ["startup/preload.cjs"],
    languageOptions: { ecmaVersion: 2019, sourceType: "commonjs" },
  },
  {
    // Commands of tests, and a script for the provider's container.
    files: ["test/**/*.ts", "sandbox/test/**/*.ts", "chart/renewalRetry.ts"],
    rules: { "no-restricted-syntax": ["error", kubernetesClientOfPackage] },
  },
  ...folders.map((folder) => ({
    files: [`${folder}/**/*.ts`],
    // Tests, and what measures with their help, know everything.
    ignores: ["sandbox/test/**", "sandbox/bench/**"],
    rules: { "no-restricted-imports": direction(folder) },
  })),
  ...Object.entries(doors).map(([file, door]) => ({
    files: [file],
    rules: { "no-restricted-imports": direction(file.split("/")[0], door) },
  })),
);
