import { letsEncryptDirectory, stackEnvironment } from "../../config/environment.ts";
import { isMap } from "../../lib/json.ts";
import { shell } from "../../lib/shell.ts";
import { known, stackOf, type Rule } from "../rule.ts";

export const directoryFitsStack: Rule = {
  name: "directory-fits-stack",
  description:
    "A staging stack does not use Let's Encrypt's production directory, and a production stack not the staging directory.",
  types: ["kubernetes:helm.sh/v3:Release"],
  check: (resource) => {
    const stack = stackOf(resource);
    const environment = stackEnvironment(stack);
    const url = ["letsEncrypt", "acme", "caDirUrl"].reduce<unknown>(
      (value, key) => (isMap(value) ? known(() => value[key]) : undefined),
      known(() => resource.props.values),
    );
    if (environment === undefined || typeof url !== "string") {
      return [];
    }
    const other = environment === "staging" ? "production" : "staging";
    return url.replace(/\/$/, "") === letsEncryptDirectory[other]
      ? [
          `The stack is for ${environment}, but uses Let's Encrypt's ${other} directory: ${shell`pulumi config set -s ${stack} acmeDirectory ${environment}`}`,
        ]
      : [];
  },
};
