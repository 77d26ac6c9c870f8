import { isMap, type ValueMap } from "../../lib/json.ts";
import { joined, shell, verbatim, type ShellText } from "../../lib/shell.ts";
import { stepNeeds, type CredentialStep } from "./permissions.ts";

/** A refused call to Google, for the reasons that the operator can fix. */
export type GoogleRefusal =
  | {
      /** The API is not enabled. */
      readonly kind: "service disabled";
      /** The API's name, such as `iam.googleapis.com`. */
      readonly service: string;
      /** Id or number of the project in which to enable the API, where Google reports it. */
      readonly project: string | undefined;
    }
  | {
      /** A constraint of the organization's policy forbids the call. */
      readonly kind: "constraint";
      /** The constraint's name, without `constraints/`. */
      readonly constraint: string;
    }
  | {
      /** The identity that runs Pulumi lacks permissions. */
      readonly kind: "permissions";
      /** The step that needs the permissions. */
      readonly step: CredentialStep;
      /** The missing permissions. For a refused call: the candidates, of which at least one is missing. */
      readonly missing: readonly string[];
      readonly isForeseen: boolean;
    }
  | {
      /** The role of the grant does not exist, or lacks permissions for a challenge. */
      readonly kind: "role";
      readonly role: string;
      readonly isThere: boolean;
      readonly missing: readonly string[];
    };

/**
 * Reads the refusal from the body of Google's response.
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
 * The missing permission, from the body of Google's response.
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
 * Reads the refusal from the plugin's error text, which is Google's message without its details. See {@link refusalIn}.
 *
 * @see https://cloud.google.com/apis/design/errors
 * @see https://cloud.google.com/iam/docs/troubleshoot-org-policies
 */
export function refusalInMessage(words: string): GoogleRefusal | undefined {
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

/** The constraints that forbid service account keys: the older one and the managed one. */
export const keyConstraints = [
  "iam.disableServiceAccountKeyCreation",
  "iam.managed.disableServiceAccountKeyCreation",
] as const;

/** The constraint that restricts the identities that may be granted roles (domain-restricted sharing). */
export const sharingConstraint = "iam.allowedPolicyMemberDomains";

/** Whether a constraint restricts the identities that may be granted roles: the older one or the managed one. */
function aboutSharing(constraint: string): boolean {
  return [sharingConstraint, "iam.managed.allowedPolicyMembers"].includes(constraint);
}

/** The place of the credential, for the commands that fix a refusal. */
export interface RefusalPlace {
  readonly project: string;
  readonly stack: string;
  /** Name of the managed zone. Default: unknown. */
  readonly zone?: string | undefined;
  /** The service account's e-mail address. Default: the account does not exist yet. */
  readonly account?: string | undefined;
  /** The identity that runs Pulumi, as a member of an IAM policy. Default: the current user of gcloud. */
  readonly member?: string | undefined;
}

/** A sentence on a refusal, and the commands that fix it. */
export function refusalText(refusal: GoogleRefusal, place: RefusalPlace): string {
  switch (refusal.kind) {
    case "service disabled": {
      const { service, project = place.project } = refusal;
      return (
        `The API ${service} is not enabled in project ${project}. Enable it and wait one or two minutes:\n` +
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
  const sentence = `The identity that runs Pulumi lacks ${missing.join(isForeseen ? " and " : " or ")} on ${where}project ${project}, which ${purpose}. `;
  if (customRole === undefined) {
    return `${sentence}An administrator of the project can grant ${role}:\n      ${grant(role)}`;
  }
  const { id, title } = customRole;
  const permissions = stepNeeds[step].permissions.join(",");
  const create = shell`gcloud iam roles create ${id} --project=${project} --title=${title} --permissions=${permissions}`;
  return [
    `${sentence}An administrator of the project can grant one of these roles:`,
    "  - a custom role with only these permissions:",
    `      ${joined([create, grant(`projects/${project}/roles/${id}`)], " && ")}`,
    `  - ${role}, which can grant any role in the project:`,
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
      `The role ${role} (dns.role) does not exist at Google. List the roles of the project, or return to the default role:\n` +
      `      ${shell`gcloud iam roles list --project=${project}`}\n      ${byDefault}`
    );
  }
  const [, kind, owner, name] =
    /^(projects|organizations)\/([^/]+)\/roles\/([\w.]+)$/.exec(role) ?? [];
  const add = (flag: ShellText) =>
    shell`gcloud iam roles update ${name ?? ""} ${verbatim(flag)}=${owner ?? ""} --add-permissions=${missing.join(",")}`;
  const remedy =
    kind === undefined
      ? byDefault
      : add(kind === "projects" ? shell`--project` : shell`--organization`);
  return `The role ${role} (dns.role) lacks ${missing.join(", ")}, which answering a challenge requires:\n      ${remedy}`;
}

function constraintText(constraint: string, place: RefusalPlace): string {
  const { stack } = place;
  const config = verbatim(shell`pulumi config set -s ${stack}`);
  const aboutKeys = (keyConstraints as readonly string[]).includes(constraint);
  const what = aboutKeys
    ? `forbids service account keys in project ${place.project}, which is the default for organizations created since May 2024`
    : aboutSharing(constraint)
      ? `restricts roles in project ${place.project} to listed identities, which do not include the project's service accounts (domain-restricted sharing)`
      : `forbids a step that the credential needs in project ${place.project}`;
  const exception = aboutSharing(constraint)
    ? [
        "allow the organization's own identities in the project, as an administrator of the organization's policy:",
        shell`gcloud resource-manager org-policies describe ${constraint} --project=${place.project} --effective`,
      ]
    : [
        "add an exception for the project, as an administrator of the organization's policy:",
        shell`echo '{"name": "projects/${place.project}/policies/${constraint}", "spec": {"rules": [{"enforce": false}]}}' | gcloud org-policies set-policy /dev/stdin`,
      ];
  const ways: readonly (readonly string[])[] = [
    ...(aboutSharing(constraint)
      ? []
      : [
          [
            "on GKE, use Workload Identity, which needs no key:",
            shell`${config} --path dns.workloadIdentity 'ACCOUNT'@${place.project}.iam.gserviceaccount.com`,
          ],
        ]),
    exception,
    [
      aboutSharing(constraint)
        ? "provide a key of an account that has the role on the zone already:"
        : "provide a key that was created elsewhere:",
      shell`${config} --path --secret dns.serviceAccountKey < service-account.json`,
    ],
    [
      "use a zone at Cloudflare:",
      shell`pulumi config rm -s ${stack} dns && ${config} --path dns.provider cloudflare && ${config} --path dns.zone 'ZONE'`,
    ],
    [
      "use HTTP-01, which needs no credential:",
      shell`pulumi config rm -s ${stack} dns && ${config} challenge http-01`,
    ],
  ];
  return [
    `The constraint ${constraint} of the organization's policy ${what}. Do one of the following:`,
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

/** Accepts only names, since a response may repeat the request. */
function name(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w./:-]{1,200}$/.test(value) ? value : undefined;
}
