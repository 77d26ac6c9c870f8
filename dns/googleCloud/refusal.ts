import { isMap, type ValueMap } from "../../lib/json.ts";
import { shell, verbatim } from "../../lib/shell.ts";

/** Why Google refuses a call, as far as its details say so, and the operator can do something about it. */
export type GoogleRefusal =
  | {
      /** The API is not enabled. */
      readonly kind: "service disabled";
      /** The API's name, such as `iam.googleapis.com`. */
      readonly service: string;
      /** Id or number of the project in which it is to be enabled, where Google tells it. */
      readonly project: string | undefined;
    }
  | {
      /** A constraint of the organization's policy forbids it. */
      readonly kind: "constraint";
      /** The constraint's name, without `constraints/`. */
      readonly constraint: string;
    };

/**
 * What the body of Google's answer says of its refusal.
 *
 * @see https://cloud.google.com/apis/design/errors#error_details
 */
export function refusalIn(body: unknown): GoogleRefusal | undefined {
  const error = field(body, "error");
  const details = listIn(error, "details");
  const disabled = details.find((detail) => field(detail, "reason") === "SERVICE_DISABLED");
  const metadata = field(disabled, "metadata");
  const service = name(field(metadata, "service"));
  if (service !== undefined) {
    const consumer = name(field(metadata, "consumer"));
    return { kind: "service disabled", service, project: consumer?.replace(/^projects\//, "") };
  }
  const constraint = details
    .flatMap((detail) => listIn(detail, "violations"))
    .map((violation) => name(field(violation, "type")))
    .find((type) => type?.startsWith("constraints/") === true);
  return constraint === undefined
    ? undefined
    : { kind: "constraint", constraint: constraint.replace(/^constraints\//, "") };
}

/**
 * The same from the plugin's words, which are Google's message without its details.
 *
 * @see https://cloud.google.com/apis/design/errors
 * @see https://cloud.google.com/iam/docs/troubleshoot-org-policies
 */
export function refusalInWords(words: string): GoogleRefusal | undefined {
  const [, service, project] =
    /api\/([a-z0-9.-]+\.googleapis\.com)\/overview\?project=([\w:.-]+)/.exec(words) ?? [];
  if (service !== undefined) {
    return { kind: "service disabled", service, project };
  }
  const [, named] = /constraints\/([\w.]+)/.exec(words) ?? [];
  const constraint =
    named ??
    (/key creation is not allowed/i.test(words)
      ? keyConstraints[0]
      : /do not belong to a permitted customer|not in permitted organization/i.test(words)
        ? sharingConstraint
        : undefined);
  return constraint === undefined ? undefined : { kind: "constraint", constraint };
}

/** The constraints that forbid keys of service accounts, the older one and the managed one. */
export const keyConstraints = [
  "iam.disableServiceAccountKeyCreation",
  "iam.managed.disableServiceAccountKeyCreation",
] as const;

/** The constraint that says whose identities may be granted roles (domain-restricted sharing). */
export const sharingConstraint = "iam.allowedPolicyMemberDomains";

/** Whether a constraint is about whose identities may get roles: the older one, or the managed one. */
function aboutSharing(constraint: string): boolean {
  return [sharingConstraint, "iam.managed.allowedPolicyMembers"].includes(constraint);
}

/** Where a credential was to be made, for the commands that lead out. */
export interface RefusalPlace {
  readonly project: string;
  readonly stack: string;
}

/** A sentence on a refusal, and the commands that lead out of it. */
export function refusalText(refusal: GoogleRefusal, place: RefusalPlace): string {
  const { stack } = place;
  const config = verbatim(shell`pulumi config set -s ${stack}`);
  if (refusal.kind === "service disabled") {
    const { service, project = place.project } = refusal;
    return (
      `The API ${service} is not enabled in project ${project}. Enable it, and wait a minute or two:\n` +
      `      ${shell`gcloud services enable ${service} --project=${project}`}`
    );
  }
  const { constraint } = refusal;
  const aboutKeys = (keyConstraints as readonly string[]).includes(constraint);
  const what = aboutKeys
    ? `forbids keys of service accounts in project ${place.project}, as organizations made since May 2024 do unless told otherwise`
    : aboutSharing(constraint)
      ? `allows in project ${place.project} no role for a service account of the project, which is none of the identities that it lists (domain-restricted sharing)`
      : `forbids in project ${place.project} what the credential needs`;
  const exception = aboutSharing(constraint)
    ? [
        "an administrator of the organization's policy allows the organization's own identities in the project:",
        shell`gcloud resource-manager org-policies describe ${constraint} --project=${place.project} --effective`,
      ]
    : [
        "an exception for the project, by an administrator of the organization's policy:",
        shell`echo '{"name": "projects/${place.project}/policies/${constraint}", "spec": {"rules": [{"enforce": false}]}}' | gcloud org-policies set-policy /dev/stdin`,
      ];
  const ways: readonly (readonly string[])[] = [
    ...(aboutSharing(constraint)
      ? []
      : [
          [
            "on GKE, Workload Identity, which uses no key:",
            shell`${config} --path dns.workloadIdentity 'ACCOUNT'@${place.project}.iam.gserviceaccount.com`,
          ],
        ]),
    exception,
    [
      aboutSharing(constraint)
        ? "a key of an account that has the role on the zone already:"
        : "a key that was made elsewhere:",
      shell`${config} --path --secret dns.serviceAccountKey < service-account.json`,
    ],
    [
      "a zone at Cloudflare:",
      shell`pulumi config rm -s ${stack} dns && ${config} --path dns.provider cloudflare && ${config} --path dns.zone 'ZONE'`,
    ],
    [
      "HTTP-01, which needs no credential:",
      shell`pulumi config rm -s ${stack} dns && ${config} challenge http-01`,
    ],
  ];
  return [
    `The constraint ${constraint} of the organization's policy ${what}. The ways out:`,
    ...ways.map(([way, command]) => `  - ${way}\n      ${command}`),
  ].join("\n");
}

function field(value: unknown, name: string): unknown {
  return isMap(value) ? value[name] : undefined;
}

function listIn(value: unknown, name: string): readonly ValueMap[] {
  const list = field(value, name);
  return Array.isArray(list) ? list.filter(isMap) : [];
}

/** Names only, since an answer may repeat the request. */
function name(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w./:-]{1,200}$/.test(value) ? value : undefined;
}
