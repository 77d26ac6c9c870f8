import { unlessStatus } from "../failures.ts";
import type { Property, Resource } from "../plugin.ts";
import { listOf, objectOf, type Properties, textOf } from "../values.ts";
import type { CloudflareApi } from "./client.ts";
import { fromBody, samePolicies, sameTime, toBody } from "./tokenBody.ts";

/** Final states of a token. */
const ENDED: readonly unknown[] = ["expired", "revoked (exposed)"];

/** The differences between user tokens and account tokens. */
interface TokenKind {
  readonly properties: Readonly<Record<string, Property>>;
  /** The path of the collection, from the properties of the token. */
  path(properties: Properties): string;
  /** The properties and the id in an import id. */
  parse(importId: string): { readonly id: string; readonly properties: Properties };
}

/**
 * `cloudflare:index/apiToken:ApiToken`. It is never replaced: every change is an update, and its value is kept. In
 * the provider, `value` has no UseStateForUnknown, so any update makes it unknown in the preview.
 *
 * @see https://github.com/cloudflare/terraform-provider-cloudflare/tree/main/internal/services/api_token
 */
export const apiToken = token({
  properties: { value: { output: true, secret: true, unsettled: true } },
  path: () => "user/tokens",
  parse: (id) => ({ id, properties: {} }),
});

/**
 * `cloudflare:index/accountToken:AccountToken`.
 *
 * @see https://github.com/cloudflare/terraform-provider-cloudflare/tree/main/internal/services/account_token
 */
export const accountToken = token({
  properties: {
    accountId: { required: true, replaces: true },
    value: { output: true, secret: true },
  },
  path: ({ accountId }) => `accounts/${textOf(accountId)}/tokens`,
  parse: (importId) => {
    const [accountId, id, ...rest] = importId.split("/");
    if (id === undefined || rest.length > 0) {
      throw new Error(`${importId} is not of the form "<account_id>/<token_id>"`);
    }
    return { id, properties: { accountId } };
  },
});

function token(kind: TokenKind): Resource<CloudflareApi> {
  return {
    properties: {
      ...kind.properties,
      // The official plugin reads the id from this property, not from the engine's id.
      id: { output: true },
      name: { required: true },
      policies: { required: true, check: checkPolicies, same: samePolicies },
      condition: {},
      expiresOn: { check: checkTime, same: sameTime },
      notBefore: { check: checkTime, same: sameTime },
      status: { computed: true, unsettled: true, check: checkStatus },
      issuedOn: { output: true, unsettled: true },
      modifiedOn: { output: true, unsettled: true },
      lastUsedOn: { output: true, unsettled: true },
      creatorEmailAtCreation: { output: true, unsettled: true },
      provisionerId: { output: true, unsettled: true },
      provisionerType: { output: true, unsettled: true },
    },

    async create(cloud, inputs) {
      const body = objectOf(await cloud.call("POST", kind.path(inputs), toBody(inputs)));
      const id = textOf(body.id);
      const outputs = { ...inputs, ...fromBody(body, inputs), id, value: textOf(body.value) };
      return { id, outputs };
    },

    async read(cloud, id, state) {
      const { properties, ...parsed } =
        Object.keys(state).length > 0 ? { id, properties: state } : kind.parse(id);
      const path = `${kind.path(properties)}/${parsed.id}`;
      const body = await unlessStatus([404], async () => objectOf(await cloud.call("GET", path)));
      if (body === undefined || ENDED.includes(body.status)) {
        return undefined;
      }
      const outputs = { ...kept(kind, properties), ...fromBody(body, properties), id: parsed.id };
      return { id: parsed.id, outputs };
    },

    async update(cloud, id, state, inputs) {
      const path = `${kind.path(inputs)}/${id}`;
      const body = objectOf(await cloud.call("PUT", path, toBody(inputs)));
      return { ...inputs, ...fromBody(body, inputs), id, value: state.value };
    },

    async delete(cloud, id, state) {
      // A missing token is also an error, as in the official plugin.
      await cloud.call("DELETE", `${kind.path(state)}/${id}`);
    },
  };
}

/** The properties that responses do not contain. */
function kept({ properties }: TokenKind, state: Properties): Properties {
  return Object.fromEntries(Object.keys(properties).map((name) => [name, state[name]]));
}

function checkPolicies(value: unknown): string | undefined {
  const wrong = listOf(value).find((policy) => !isObjectText(objectOf(policy).resources));
  return wrong === undefined ? undefined : '"resources" of every policy must be a JSON object';
}

function isObjectText(value: unknown): boolean {
  try {
    const parsed: unknown = JSON.parse(textOf(value));
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}

function checkTime(value: unknown): string | undefined {
  return Number.isNaN(Date.parse(textOf(value))) ? "expected an RFC 3339 time" : undefined;
}

function checkStatus(value: unknown): string | undefined {
  return ["active", "disabled", "expired"].includes(textOf(value))
    ? undefined
    : 'expected one of "active", "disabled" and "expired"';
}
