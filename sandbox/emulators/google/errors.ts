import { ApiError } from "../shared/router.ts";

/** The defaults of a status: canonical code and the `reason` of the older error format. */
const DEFAULTS: Readonly<Record<number, { status: string; reason: string }>> = {
  400: { status: "INVALID_ARGUMENT", reason: "badRequest" },
  401: { status: "UNAUTHENTICATED", reason: "authError" },
  403: { status: "PERMISSION_DENIED", reason: "forbidden" },
  404: { status: "NOT_FOUND", reason: "notFound" },
  409: { status: "ALREADY_EXISTS", reason: "alreadyExists" },
  429: { status: "RESOURCE_EXHAUSTED", reason: "rateLimitExceeded" },
  500: { status: "INTERNAL", reason: "backendError" },
};

/** Fields of an error body that differ from the defaults of its status. */
interface ErrorParts {
  readonly status?: string;
  readonly reason?: string;
  readonly details?: readonly object[];
}

/**
 * An error in the common format of Google's APIs.
 *
 * @see https://cloud.google.com/apis/design/errors#http_mapping
 */
export function googleError(code: number, message: string, parts: ErrorParts = {}): ApiError {
  const defaults = DEFAULTS[code] ?? { status: "UNKNOWN", reason: "unknown" };
  const reason = parts.reason ?? defaults.reason;
  const error = {
    code,
    message,
    errors: [{ message, domain: "global", reason }],
    status: parts.status ?? defaults.status,
    ...(parts.details ? { details: parts.details } : {}),
  };
  return new ApiError(code, { error }, message);
}

/** One error in a request to Cloud DNS. */
export interface DnsProblem {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

/**
 * An error in the older format that Cloud DNS still uses: no canonical status, and every error in the list.
 *
 * @see https://cloud.google.com/dns/docs/error-messages
 */
export function dnsError(first: DnsProblem, ...rest: readonly DnsProblem[]): ApiError {
  const errors = [first, ...rest].map(({ message, reason }) => ({
    message,
    domain: "global",
    reason,
  }));
  const error = { code: first.code, message: first.message, errors };
  return new ApiError(first.code, { error }, first.message);
}

/** `google.rpc.ErrorInfo`: the missing permission, for programs. */
function permissionInfo(permission: string, resource: string): object {
  return {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    reason: "IAM_PERMISSION_DENIED",
    domain: "iam.googleapis.com",
    metadata: { permission, resource },
  };
}

/**
 * The refusal by IAM and Resource Manager, which names the permission.
 *
 * @see https://cloud.google.com/iam/docs/permission-error-messages
 */
export function permissionDenied(permission: string, resource: string): ApiError {
  return googleError(
    403,
    `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`,
    { details: [permissionInfo(permission, resource)] },
  );
}

/**
 * The refusal by Cloud DNS. Its message is only the "Forbidden" of hashicorp/terraform-provider-google#9468; the
 * permission is in the details only, so that no code depends on a message that Cloud DNS does not send.
 */
export function dnsForbidden(permission: string, resource: string): ApiError {
  const message = "Forbidden";
  const error = {
    code: 403,
    message,
    errors: [{ message, domain: "global", reason: "forbidden" }],
    details: [permissionInfo(permission, resource)],
  };
  return new ApiError(403, { error }, message);
}

/**
 * The refusal by an API that is not enabled in a project, in the common format and in that of Cloud DNS.
 *
 * @see https://cloud.google.com/service-usage/docs/enabled-service
 */
export function serviceDisabled(service: string, project: string, title: string): ApiError {
  const message =
    `${title} has not been used in project ${project} before or it is disabled. Enable it by visiting ` +
    `https://console.developers.google.com/apis/api/${service}/overview?project=${project} then retry. If you enabled ` +
    "this API recently, wait a few minutes for the action to propagate to our systems and retry.";
  const error = {
    code: 403,
    message,
    errors: [{ message, domain: "usageLimits", reason: "accessNotConfigured" }],
    status: "PERMISSION_DENIED",
    details: [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: "SERVICE_DISABLED",
        domain: "googleapis.com",
        metadata: { service, consumer: `projects/${project}` },
      },
    ],
  };
  return new ApiError(403, { error }, message);
}

/**
 * The refusal by a constraint of the organization policy.
 *
 * @see https://cloud.google.com/iam/docs/troubleshoot-org-policies
 */
export function constraintViolated(
  constraint: string,
  subject: string,
  message: string,
  description = message,
): ApiError {
  return googleError(400, message, {
    status: "FAILED_PRECONDITION",
    reason: "failedPrecondition",
    details: [
      {
        "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
        violations: [{ type: `constraints/${constraint}`, subject, description }],
      },
    ],
  });
}

/** The refusal of a quota project. @see https://cloud.google.com/docs/quotas/quota-project */
export function quotaProjectDenied(project: string): ApiError {
  return googleError(
    403,
    `Caller does not have required permission to use project ${project}. Grant the caller the ` +
      "roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission.",
    {
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "USER_PROJECT_DENIED",
          domain: "googleapis.com",
          metadata: { consumer: `projects/${project}`, service: "iam.googleapis.com" },
        },
      ],
    },
  );
}

/** The refusal of a token whose scopes do not cover the API. */
export function insufficientScopes(): ApiError {
  return googleError(403, "Request had insufficient authentication scopes.", {
    reason: "insufficientPermissions",
    details: [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        domain: "googleapis.com",
      },
    ],
  });
}
