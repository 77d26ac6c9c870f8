import pulumi from "@pulumi/eslint-plugin";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(globalIgnores(["node_modules/", ".sandbox*/"]), {
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
    "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
    "@typescript-eslint/no-floating-promises": "error",
    "@typescript-eslint/switch-exhaustiveness-check": "error",
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            regex: "^@pulumi/(cloudflare|gcp|kubernetes|random)(/(?!.*\\.js$)|$)",
            message: "It loads many services of the provider. Import the file of the one resource.",
          },
        ],
      },
    ],
    eqeqeq: "error",
  },
});
