import * as pulumi from "@pulumi/pulumi";
import { kubectl, type CommandTarget } from "../../lib/clusterCommand.ts";
import { printableLine } from "../../lib/printable.ts";
import { shell, type ShellText } from "../../lib/shell.ts";

/**
 * The API server's message for a call of cert-manager's webhook without a response (k8s.io/apiserver, pkg/util/webhook), and
 * the one for a Service without a ready pod.
 */
export const webhookFailure =
  /failed calling webhook "webhook\.cert-manager\.io"(?:[:;] ([^\n]*))?|no endpoints available for service "cert-manager-webhook"/;

/** Shows cert-manager's Deployments, of which the webhook and the cainjector must be ready. */
export function webhookState({ kubeContext, kubeconfig }: CommandTarget): ShellText {
  return kubectl(
    { kubeContext, kubeconfig },
    shell`get deployments -A -l app.kubernetes.io/instance=cert-manager`,
  );
}

/**
 * The explanation of an object that the API server refused because cert-manager's webhook does not respond.
 *
 * @param words the API server's message
 * @param target the cluster
 * @param stack the stack that deploys the object
 * @returns undefined for any other message
 */
export function webhookRefusal(
  words: string,
  target: CommandTarget,
  stack: string,
): string | undefined {
  const found = webhookFailure.exec(words);
  const reason = (found?.[1] ?? found?.[0] ?? "").slice(0, shownReason).trim();
  return found === null
    ? undefined
    : `The API server refuses cert-manager's objects, since cert-manager's webhook does not respond (${printableLine(reason)}). ` +
        `The webhook is ready a minute after the installation of cert-manager; otherwise its Deployment is not ready, or that of the cainjector, which makes the API server trust the webhook's certificate: ${webhookState(target)}\n` +
        `When both are ready, deploy again: ${shell`pulumi up -s ${stack}`}`;
}

/** How many characters of the API server's reason are shown. */
const shownReason = 240;

/**
 * A hook that explains why cert-manager's objects were refused.
 *
 * @param component the name of the IngressCertificate
 * @param target the cluster, for commands
 */
export function webhookHook(component: string, target: CommandTarget): pulumi.ErrorHook {
  return new pulumi.ErrorHook(`${component}-webhook-failure`, async ({ errors }) => {
    const explanation = webhookRefusal(errors[0] ?? "", target, pulumi.getStack());
    if (explanation !== undefined) {
      await pulumi.log.error(explanation);
    }
    return false;
  });
}
