import tseslint from "typescript-eslint";

import { actionsInTheLock } from "./pack/actions-in-the-lock.mjs";

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", "**/*.mjs"] },
  ...tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true } } },
  {
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ["src/**/*.ts"],
    plugins: { premiere: { rules: { "actions-in-the-lock": actionsInTheLock } } },
    rules: { "premiere/actions-in-the-lock": "error" },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/host.ts"],
    rules: {
      "no-restricted-globals": ["error", { name: "require", message: "src/host.ts alone asks UXP for its modules" }],
      "@typescript-eslint/no-restricted-imports": [
        "error",
        { paths: [{ name: "@adobe/premierepro", message: "there is only its type", allowTypeImports: true }, "uxp", "fs"] },
      ],
    },
  },
);
