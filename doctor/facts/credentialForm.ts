import { keyFileProblems } from "../../dns/googleCloud/keyFile.ts";

/** Why a text is not a credential of a cloud; undefined if it is one. */
export const credentialDefect = {
  googleCloud: (content: string): string | undefined => {
    const wrong = keyFileProblems(content);
    return wrong.length === 0
      ? undefined
      : `not a service account's key file (wrong: ${wrong.join(", ")})`;
  },
  cloudflare: (content: string): string | undefined => {
    if (content.trim() === "") {
      return "empty";
    }
    return /^[\w-]{40,}$/.test(content)
      ? undefined
      : "not an API token: at least 40 letters, digits, _ and -, without a line break at the end";
  },
} as const;
