import * as pulumi from "@pulumi/pulumi";
import type { GoogleCloudAccess } from "../../../dns/access.ts";
import {
  defaultDnsRole,
  stepNeeds,
  type CredentialStep,
} from "../../../dns/googleCloud/permissions.ts";
import type { CredentialPlan } from "../../../dns/googleCloud/preconditions.ts";
import {
  refusalInMessage,
  refusalText,
  type GoogleRefusal,
} from "../../../dns/googleCloud/refusal.ts";
import { lastSegment } from "../../../lib/names.ts";
import { shell } from "../../../lib/shell.ts";
import { credentialChildren, resourceTypes } from "../../names.ts";
import { resolved } from "../../resolved.ts";
import { resourceHook } from "../../hook.ts";
import { possibleHook, type CredentialProtection } from "../hooks.ts";

/** Arguments for creating a service account, its grant and its key. */
export interface ObstacleArgs extends CredentialProtection {
  readonly project: pulumi.Input<string>;
  readonly managedZone: pulumi.Input<string>;
  readonly grant?: "zone" | "project" | undefined;
  readonly role?: pulumi.Input<string> | undefined;
}

/** The hooks that fail before Google would refuse a later step, by resource. */
export interface PossibleHooks {
  readonly account: pulumi.ResourceHook;
  readonly grant: pulumi.ResourceHook;
  readonly key: pulumi.ResourceHook;
}

/**
 * Hooks before the creation of a service account, its grant and its key. The account's hook checks all three, so that no
 * account is created without the others. The other hooks check only their own resource.
 *
 * @param component the name of the component that creates the credential
 */
export function possibleHooks(
  component: string,
  args: ObstacleArgs,
  access: GoogleCloudAccess,
): PossibleHooks {
  const { project, managedZone, grant = "zone", role = defaultDnsRole } = args;
  const grantStep: CredentialStep = grant === "zone" ? "zoneGrant" : "projectGrant";
  const asked = new Map<CredentialStep, Promise<void>>();
  const ask = async (
    wanted: readonly CredentialStep[],
    known: Pick<CredentialPlan, "zone" | "account"> & { readonly role?: string },
  ) => {
    const steps = wanted.filter((step) => !asked.has(step));
    const id = (await resolved(pulumi.output(project))) as string | undefined;
    // In a preview of another program, the id may be unknown.
    if (id !== undefined && id !== "" && steps.length > 0) {
      const answer = refuseObstacles(
        { role: defaultDnsRole, ...known, project: id, steps },
        access,
      );
      for (const step of steps) {
        asked.set(step, answer);
      }
    }
    await Promise.all(wanted.flatMap((step) => asked.get(step) ?? []));
  };
  return {
    account: possibleHook(`${component}-credential`, args, () => {
      const zone = plain(managedZone);
      const plainRole = plain(role);
      // Do not wait for an Output here: its resource may be created after this one. Before the grant, all values are known.
      const isKnown = plainRole !== undefined && (zone !== undefined || grant === "project");
      return ask(["account", ...(isKnown ? [grantStep] : []), "key"], {
        zone,
        ...(plainRole !== undefined && { role: plainRole }),
      });
    }),
    grant: possibleHook(`${component}-grant`, args, async ({ newInputs, oldInputs }) => {
      const { managedZone: zone, role } = (newInputs ?? {}) as GrantInputs;
      const plainRole = plain(role);
      await ask([grantStep], {
        zone: plain(zone),
        ...(plainRole !== undefined && { role: plainRole }),
      });
      if (oldInputs !== undefined && plainRole !== undefined) {
        await warnOfUnprovenRole(component, plainRole, access);
      }
    }),
    key: possibleHook(`${component}-key`, args, async ({ newInputs }) => {
      const account: unknown = newInputs?.serviceAccountId;
      await ask(["key"], {
        zone: plain(managedZone),
        account: typeof account === "string" ? lastSegment(account) : undefined,
      });
    }),
  };
}

interface GrantInputs {
  readonly managedZone?: unknown;
  readonly role?: unknown;
}

function plain(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

async function refuseObstacles(plan: CredentialPlan, access: GoogleCloudAccess): Promise<void> {
  const { credentialObstacles } = await import("../../../dns/googleCloud/preconditions.ts");
  const obstacles = await credentialObstacles(plan, access);
  if (obstacles.length > 0) {
    const { project, zone, account } = plan;
    const { operatorMember } = await import("../../../dns/googleCloud/operator.ts");
    const stack = pulumi.getStack();
    const place = { project, zone, account, stack, member: operatorMember(access) };
    const texts = obstacles.map((obstacle) => refusalText(obstacle, place));
    throw new pulumi.RunError(
      `${texts.join("\n")}\nNothing was created at Google. After the fix, run: ${shell`pulumi up -s ${stack}`}`,
    );
  }
}

/** A changed role does not prove the credential in use again, so that only a renewal would reveal missing permissions. */
async function warnOfUnprovenRole(
  component: string,
  role: string,
  access: GoogleCloudAccess,
): Promise<void> {
  const { isRoleReadable } = await import("../../../dns/googleCloud/preconditions.ts");
  if (role !== defaultDnsRole && !(await isRoleReadable(role, access))) {
    await pulumi.log.warn(
      `The permissions of the role ${role} cannot be read. To prove the role before the next renewal, rotate the credential after this run: ` +
        shell`pulumi up -s ${pulumi.getStack()} --replace '**::${credentialChildren(component).key}'`,
    );
  }
}

/** The step that creates a resource, by its type token. */
const steps: Readonly<Record<string, CredentialStep>> = {
  [resourceTypes.serviceAccount]: "account",
  [resourceTypes.zoneGrant]: "zoneGrant",
  [resourceTypes.projectGrant]: "projectGrant",
  [resourceTypes.serviceAccountKey]: "key",
};

/** The arguments of an error hook that describe the refused call. */
type RefusedCall = Pick<pulumi.ErrorHookArgs, "type" | "errors" | "failedOperation">;

/** The explanation of a call that Google refused; undefined where Google's text suffices. */
export function refusalOf({
  type,
  errors,
  failedOperation,
}: RefusedCall): GoogleRefusal | undefined {
  const words = errors[0] ?? "";
  const step = steps[type];
  const [, unknownRole] =
    /\bRole \(?([\w./-]+)\)? (?:is not supported|does not exist)/.exec(words) ?? [];
  if (unknownRole !== undefined) {
    return { kind: "role", role: unknownRole, isThere: false, missing: [] };
  }
  const known = refusalInMessage(words);
  return known === undefined && step !== undefined && /\bError 403\b/.test(words)
    ? {
        kind: "permissions",
        step,
        missing:
          step === "account" && failedOperation === "delete"
            ? ["iam.serviceAccounts.delete"]
            : stepNeeds[step].permissions,
        isForeseen: false,
      }
    : known;
}

/**
 * A hook that explains an unforeseen refusal of Google: the permission to create a key does not include the one to read the
 * organization's policy.
 *
 * @param component the name of the component that creates the credential
 * @param access endpoints and identity of the plugin
 */
export function refusedHook(
  component: string,
  project: pulumi.Input<string>,
  access: GoogleCloudAccess,
): pulumi.ErrorHook {
  return new pulumi.ErrorHook(`${component}-credential-refused`, async (call) => {
    const refusal = refusalOf(call);
    if (refusal !== undefined) {
      const { managedZone, serviceAccountId } = (call.newInputs ??
        call.oldInputs ??
        {}) as Readonly<Record<string, unknown>>;
      const { operatorMember } = await import("../../../dns/googleCloud/operator.ts");
      const stack = pulumi.getStack();
      const account = plain(serviceAccountId);
      const text = refusalText(refusal, {
        project: await resolved(pulumi.output(project)),
        stack,
        zone: plain(managedZone),
        account: account === undefined ? undefined : lastSegment(account),
        member: operatorMember(access),
      });
      await pulumi.log.error(
        call.failedOperation === "delete"
          ? text
          : `${text}\nThe resources created before have no key and give no access. To continue with them, or to delete ` +
              `those that are no longer needed: ${shell`pulumi up -s ${stack}`}`,
      );
    }
    return false;
  });
}

/**
 * A hook before the creation of a key, which fails where the account was deleted outside Pulumi. It checks only in a preview,
 * in which the account is known only if it exists already.
 *
 * @param component the name of the component that creates the credential
 * @param suffix the name of the resource whose replacement gives the account another name
 */
export function accountExistsHook(
  component: string,
  suffix: string,
  access: GoogleCloudAccess,
): pulumi.ResourceHook {
  return resourceHook(
    `${component}-credential-account`,
    async ({ newInputs }) => {
      const account: unknown = newInputs?.serviceAccountId;
      if (
        !pulumi.runtime.isDryRun() ||
        typeof account !== "string" ||
        !account.startsWith("projects/")
      ) {
        return;
      }
      const { isAccountGone } = await import("../../../dns/googleCloud/keys.ts");
      if (await isAccountGone(account, access)) {
        throw new pulumi.RunError(
          `The service account ${account.split("/").at(-1) ?? ""} no longer exists at Google. Recreate the account, its grant and its key:\n` +
            `      ${shell`pulumi up -s ${pulumi.getStack()} --replace '**::${suffix}'`}`,
        );
      }
    },
    { onDryRun: true },
  );
}
