import { keyFile } from "../dns/googleCloud/keyFile.ts";
import { parseJson } from "../lib/json.ts";
import type { Preparation } from "./prepare.ts";
import { shell } from "../lib/shell.ts";

/** What was done, and what the next `up` does: to be read with the preview that follows. Holds no secret. */
export function outcomeText(preparation: Preparation, cleanedRevisions: readonly number[]): string {
  const { identity, place, recovers } = preparation;
  const { stack } = identity;
  const paragraphs = [
    [
      `The provider is in the stack ${stack}${recovers ? " again" : ""}, and its pod was not restarted.`,
      historyText(cleanedRevisions),
    ],
    credentialLines(preparation),
    [
      `What follows is what the next up changes. It restarts the pod once, since ${recovers ? "every upgrade of the release does" : "the repairs of the chart change it"}.`,
      ...(recovers ? [] : [certificateText]),
      `The Secrets in ${place.namespace} are never missing meanwhile.`,
      "🔓 is the protection that lasts until then: without it, a destroy would now take the namespace along.",
    ],
  ];
  const texts = paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `\n${texts.join("\n\n")}\n\n`;
}

function historyText(cleanedRevisions: readonly number[]): string {
  return cleanedRevisions.length === 0
    ? "Helm's history holds no credential."
    : `The credentials were taken out of Helm's revision${cleanedRevisions.length === 1 ? "" : "s"} ` +
        `${cleanedRevisions.join(", ")}; all of them can still be rolled back to, since the Secrets stay.`;
}

/**
 * What is left to do with the values file: it is needed no more, and is the place left in which whoever can read it finds
 * the credentials.
 */
export function fileText(file: string, { translation }: Preparation): string {
  const held = Object.keys(translation.secrets).join(", ");
  return `${file} still holds ${held} in clear, and the stack needs it no more. When the provider runs, delete it, with its copies and backups: ${shell`rm ${file}`}`;
}

const certificateText =
  "Each CA has a directory of its own for certificates then, which is empty at first: the provider orders one new certificate (Let's Encrypt issues 5 a week for one name).";

/** What becomes of the DNS credential, if there is one. */
function credentialLines({ identity: { stack }, translation, maker }: Preparation): string[] {
  if (maker !== undefined) {
    return [
      "No cloud tells the secret part of a DNS credential twice, so the next up makes a new one, proves it, and restarts the provider with it.",
      "One more up then deletes the old one:",
      `  ${shell`pulumi up -s ${stack} && pulumi up -s ${stack}`}`,
    ];
  }
  const setting = Object.keys(translation.secrets).find((path) => path.startsWith("dns."));
  return setting === undefined
    ? []
    : [
        "The DNS credential is the one in the file, which the program neither replaces nor deletes.",
        "To have it make one of its own instead, and rotate that:",
        `  ${shell`pulumi config rm -s ${stack} --path ${setting} && pulumi up -s ${stack}`}`,
        ...removal(translation.secrets[setting] ?? ""),
      ];
}

/** How an operator deletes a credential that the program has not made. */
function removal(credential: string): string[] {
  const { data } = keyFile.safeParse(parseJson(credential));
  return data?.private_key_id === undefined
    ? ["Then delete the old one where it was made."]
    : [
        "Then delete the old one:",
        `  ${shell`gcloud iam service-accounts keys delete ${data.private_key_id} --iam-account=${data.client_email}`}`,
      ];
}
