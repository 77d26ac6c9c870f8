import { keyFile } from "../dns/googleCloud/keyFile.ts";
import { parseJson } from "../lib/json.ts";
import type { Preparation } from "./prepare.ts";
import { shell } from "../lib/shell.ts";

/** What was done, and what the next `up` does, for the preview that follows. Contains no secret. */
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
      `The preview below shows the changes of the next up. It restarts the pod once, since ${recovers ? "every upgrade of the release does" : "the repairs of the chart change it"}.`,
      ...(recovers ? [] : [certificateText]),
      `The Secrets in ${place.namespace} stay present throughout.`,
      "🔓 marks the protection that lasts until then: without it, a destroy would now delete the namespace, too.",
    ],
  ];
  const texts = paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `\n${texts.join("\n\n")}\n\n`;
}

function historyText(cleanedRevisions: readonly number[]): string {
  return cleanedRevisions.length === 0
    ? "Helm's history contains no credential."
    : `The credentials were removed from Helm's revision${cleanedRevisions.length === 1 ? "" : "s"} ` +
        `${cleanedRevisions.join(", ")}; a rollback to each revision still works, since the Secrets remain.`;
}

/**
 * The last step for the values file: the stack no longer needs the file, which still contains readable credentials.
 */
export function fileText(file: string, { translation }: Preparation): string {
  const held = Object.keys(translation.secrets).join(", ");
  return `${file} still contains ${held} in plain text, and the stack no longer needs it. When the provider runs, delete the file, with its copies and backups: ${shell`rm ${file}`}`;
}

const certificateText =
  "Each CA then has its own directory for certificates, which is empty at first: the provider orders one new certificate (Let's Encrypt issues 5 a week for one name).";

/** The next steps for the DNS credential, if there is one. */
function credentialLines({ identity: { stack }, translation, maker }: Preparation): string[] {
  if (maker !== undefined) {
    return [
      "A DNS provider returns the secret part of a credential only once, so the next up creates a new one, proves it, and restarts the provider with it.",
      "One more up then deletes the old credential:",
      `  ${shell`pulumi up -s ${stack} && pulumi up -s ${stack}`}`,
    ];
  }
  const setting = Object.keys(translation.secrets).find((path) => path.startsWith("dns."));
  return setting === undefined
    ? []
    : [
        "The DNS credential is the one in the file; the program neither replaces nor deletes it.",
        "To have the program create and rotate a credential instead:",
        `  ${shell`pulumi config rm -s ${stack} --path ${setting} && pulumi up -s ${stack}`}`,
        ...removal(translation.secrets[setting] ?? ""),
      ];
}

/** How an operator deletes a credential that the program did not create. */
function removal(credential: string): string[] {
  const { data } = keyFile.safeParse(parseJson(credential));
  return data?.private_key_id === undefined
    ? ["Then delete the old credential where it was created."]
    : [
        "Then delete the old credential:",
        `  ${shell`gcloud iam service-accounts keys delete ${data.private_key_id} --iam-account=${data.client_email}`}`,
      ];
}
