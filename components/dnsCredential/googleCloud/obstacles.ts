import * as pulumi from "@pulumi/pulumi";
import type { GoogleCloudAccess } from "../../../dns/access.ts";
import {
  defaultDnsRole,
  stepNeeds,
  type CredentialStep,
} from "../../../dns/googleCloud/permissions.ts";
import type { CredentialPlan } from "../../../dns/googleCloud/preconditions.ts";
import {
  refusalInWords,
  refusalText,
  type GoogleRefusal,
} from "../../../dns/googleCloud/refusal.ts";
import { lastSegment } from "../../../lib/names.ts";
import { shell } from "../../../lib/shell.ts";
import { credentialChildren, resourceTypes } from "../../names.ts";
import { resolved } from "../../resolved.ts";
import { resourceHook } from "../../hook.ts";
import { possibleHook, type CredentialProtection } from "../hooks.ts";

/** What a service account, its grant and its key are to be made with. */
export interface ObstacleArgs extends CredentialProtection {
  readonly project: pulumi.Input<string>;
  readonly managedZone: pulumi.Input<string>;
  readonly grant?: "zone" | "project" | undefined;
  readonly role?: pulumi.Input<string> | undefined;
}

/** The hooks that refuse what Google would refuse half way, by the resource that they belong to. */
export interface PossibleHooks {
  readonly account: pulumi.ResourceHook;
  readonly grant: pulumi.ResourceHook;
  readonly key: pulumi.ResourceHook;
}

/**
 * Hooks for before a service account, its grant and its key are made. Before the account, all three are asked about, so
 * that it is not made where the others cannot be; each of them alone where only that is to be made.
 *
 * @param component the name of the component that makes the credential
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
    // A preview of another program may not know it yet.
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
      // To wait for an Output here could be to wait for what is made after this. Before the grant all is known.
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
      `${texts.join("\n")}\nNothing was made at Google; then: ${shell`pulumi up -s ${stack}`}`,
    );
  }
}

/** With another role the credential in use is not proven again, so that only its renewal would show what the role lacks. */
async function warnOfUnprovenRole(
  component: string,
  role: string,
  access: GoogleCloudAccess,
): Promise<void> {
  const { isRoleReadable } = await import("../../../dns/googleCloud/preconditions.ts");
  if (role !== defaultDnsRole && !(await isRoleReadable(role, access))) {
    await pulumi.log.warn(
      `Google does not tell you what the role ${role} has. To have it proven before a renewal needs it, rotate the credential once it is granted: ` +
        shell`pulumi up -s ${pulumi.getStack()} --replace '**::${credentialChildren(component).key}'`,
    );
  }
}

/** The step in which a resource is made, by its type token. */
const steps: Readonly<Record<string, CredentialStep>> = {
  [resourceTypes.serviceAccount]: "account",
  [resourceTypes.zoneGrant]: "zoneGrant",
  [resourceTypes.projectGrant]: "projectGrant",
  [resourceTypes.serviceAccountKey]: "key",
};

/** What of an error hook's arguments says what Google has refused. */
type RefusedCall = Pick<pulumi.ErrorHookArgs, "type" | "errors" | "failedOperation">;

/** What there is to say of a call that Google has refused: undefined where its words say enough. */
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
  const known = refusalInWords(words);
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
 * A hook that explains a refusal of Google's which could not be foreseen: who may make a key need not be allowed to read
 * the organization's policy.
 *
 * @param component the name of the component that makes the credential
 * @param access how the plugin reaches Google
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
          : `${text}\nWhat was made before that has no key and opens nothing. To go on with it, or to delete it where ` +
              `it is not needed any more: ${shell`pulumi up -s ${stack}`}`,
      );
    }
    return false;
  });
}

/**
 * A hook for before a key is made, that refuses it where the account was deleted behind Pulumi's back. It looks in a
 * preview alone, in which the account is known only where it is there already.
 *
 * @param component the name of the component that makes the credential
 * @param suffix the name of the resource with which the account gets another name
 */
export function accountThereHook(
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
          `The service account ${account.split("/").at(-1) ?? ""} no longer exists at Google. Make it, its grant and its key anew:\n` +
            `      ${shell`pulumi up -s ${pulumi.getStack()} --replace '**::${suffix}'`}`,
        );
      }
    },
    { onDryRun: true },
  );
}
