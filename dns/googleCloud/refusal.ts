import { isMap, type ValueMap } from "../../lib/json.ts";
import { joined, shell, verbatim, type ShellText } from "../../lib/shell.ts";
import { stepNeeds, type CredentialStep } from "./permissions.ts";

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
    }
  | {
      /** Whoever runs Pulumi lacks permissions. */
      readonly kind: "permissions";
      /** What is to be done with them. */
      readonly step: CredentialStep;
      /** Those that are missing; of a call that Google has refused, those one of which must be. */
      readonly missing: readonly string[];
      readonly isForeseen: boolean;
    }
  | {
      /** The role that is to be granted is not there, or lacks permissions that a challenge takes. */
      readonly kind: "role";
      readonly role: string;
      readonly isThere: boolean;
      readonly missing: readonly string[];
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
 * The permission whose lack the body of Google's answer names.
 *
 * @see https://cloud.google.com/iam/docs/permission-error-messages
 */
export function deniedPermission(body: unknown): string | undefined {
  const denied = listIn(field(body, "error"), "details").find(
    (detail) => field(detail, "reason") === "IAM_PERMISSION_DENIED",
  );
  return name(field(field(denied, "metadata"), "permission"));
}

/**
 * The same as {@link refusalIn} tells from the plugin's words, which are Google's message without its details.
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
  /** Name of the managed zone. Default: not known. */
  readonly zone?: string | undefined;
  /** The service account's e-mail address. Default: it is not there yet. */
  readonly account?: string | undefined;
  /** Whoever runs Pulumi, as a policy names members. Default: gcloud's current user. */
  readonly member?: string | undefined;
}

/** A sentence on a refusal, and the commands that lead out of it. */
export function refusalText(refusal: GoogleRefusal, place: RefusalPlace): string {
  switch (refusal.kind) {
    case "service disabled": {
      const { service, project = place.project } = refusal;
      return (
        `The API ${service} is not enabled in project ${project}. Enable it, and wait a minute or two:\n` +
        `      ${shell`gcloud services enable ${service} --project=${project}`}`
      );
    }
    case "constraint":
      return constraintText(refusal.constraint, place);
    case "permissions":
      return permissionsText(refusal, place);
    case "role":
      return roleText(refusal, place);
  }
}

function permissionsText(
  { step, missing, isForeseen }: Extract<GoogleRefusal, { readonly kind: "permissions" }>,
  { project, zone, account, member }: RefusalPlace,
): string {
  const { place, role, customRole, purpose } = stepNeeds[step];
  const where = {
    project: "",
    zone: `the managed zone ${zone ?? ""} of `,
    account: account === undefined ? "" : `the service account ${account} of `,
  }[place];
  const who =
    member === undefined ? shell`"user:$(gcloud config get-value account)"` : shell`${member}`;
  const grant = (granted: string) =>
    shell`gcloud projects add-iam-policy-binding ${project} --role=${granted} --member=${verbatim(who)} --condition=None`;
  const sentence = `Whoever runs Pulumi lacks ${missing.join(isForeseen ? " and " : " or ")} on ${where}project ${project}, which ${purpose}. `;
  if (customRole === undefined) {
    return `${sentence}An administrator of the project gives it with ${role}:\n      ${grant(role)}`;
  }
  const { id, title } = customRole;
  const permissions = stepNeeds[step].permissions.join(",");
  const make = shell`gcloud iam roles create ${id} --project=${project} --title=${title} --permissions=${permissions}`;
  return [
    `${sentence}An administrator of the project gives it`,
    "  - with a role of its own, which has no more:",
    `      ${joined([make, grant(`projects/${project}/roles/${id}`)], " && ")}`,
    `  - with ${role}, which may grant anything in the project:`,
    `      ${grant(role)}`,
  ].join("\n");
}

function roleText(
  { role, isThere, missing }: Extract<GoogleRefusal, { readonly kind: "role" }>,
  { project, stack }: RefusalPlace,
): string {
  const byDefault = shell`pulumi config rm -s ${stack} --path dns.role`;
  if (!isThere) {
    return (
      `The role ${role} (dns.role) is not at Google. Those that are in the project, and the way back to the default:\n` +
      `      ${shell`gcloud iam roles list --project=${project}`}\n      ${byDefault}`
    );
  }
  const [, kind, owner, name] =
    /^(projects|organizations)\/([^/]+)\/roles\/([\w.]+)$/.exec(role) ?? [];
  const add = (flag: ShellText) =>
    shell`gcloud iam roles update ${name ?? ""} ${verbatim(flag)}=${owner ?? ""} --add-permissions=${missing.join(",")}`;
  const mend =
    kind === undefined
      ? byDefault
      : add(kind === "projects" ? shell`--project` : shell`--organization`);
  return `The role ${role} (dns.role) lacks ${missing.join(", ")}, which answering a challenge takes:\n      ${mend}`;
}

function constraintText(constraint: string, place: RefusalPlace): string {
  const { stack } = place;
  const config = verbatim(shell`pulumi config set -s ${stack}`);
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
