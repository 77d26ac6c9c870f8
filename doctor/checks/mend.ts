import { credentialChildren, programNames } from "../../components/names.ts";
import { helm, kubectl } from "../../lib/clusterCommand.ts";
import type { Expectation } from "../expectation.ts";
import { joined, shell, verbatim, type ShellText } from "../../lib/shell.ts";
import { inContainer } from "./lookUp.ts";

/** Deploys the stack. It changes nothing where the stack's own settings have not changed. */
function deploy({ stack }: Expectation): ShellText {
  return shell`pulumi up -s ${stack}`;
}

/**
 * Deploys the stack's settings in the place of what the cluster has. Without the refresh Pulumi compares them with what
 * it has deployed itself, and does nothing after a `helm rollback` or a `helm upgrade` by hand.
 */
export function deployAgain(expected: Expectation): ShellText {
  return shell`${verbatim(deploy(expected))} --refresh`;
}

/** Sets a setting, and deploys it. */
export function setAndDeploy(expected: Expectation, setting: ShellText): ShellText {
  return shell`pulumi config set -s ${expected.stack} ${verbatim(setting)} && ${verbatim(deploy(expected))}`;
}

/**
 * Deploys what somebody has changed or deleted behind Pulumi's back: only a refresh makes Pulumi see that, and only by
 * force does it take a field back from another field manager
 * (https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply).
 */
export function refreshAndDeploy(expected: Expectation): ShellText {
  return shell`pulumi refresh -s ${expected.stack} --run-program && PULUMI_K8S_ENABLE_PATCH_FORCE=true ${verbatim(deploy(expected))}`;
}

/**
 * Restarts the provider. Its StatefulSet makes a new pod of the same name at once, which kubectl, waiting for the end of
 * the old one, may take for that.
 */
export function restart(expected: Expectation): ShellText {
  return kubectl(expected, shell`delete pod ${expected.names.pod} --wait=false`);
}

/**
 * Has the provider start without what its issuer has stored.
 *
 * @param folder below the issuer's, with a slash in front. Default: all of it
 */
export function restartWithoutStored(expected: Expectation, folder = ""): ShellText {
  const removal = `rm -r "$AP_CERT_ISSUER_STORAGE_DIR${folder}"`;
  return joined([inContainer(expected, shell`sh -c ${removal}`), restart(expected)], " && ");
}

/**
 * Applies again what Helm has applied, and so makes no revision that Pulumi does not know. The annotations by which Helm
 * knows its own objects are not in the manifest; without them a new release could not take the objects over.
 */
export function applyAgain(expected: Expectation): ShellText {
  const { namespace, releaseName } = expected;
  return joined(
    [
      helm(expected, shell`get manifest ${releaseName}`),
      shell`kubectl annotate --local --overwrite -f - -o yaml meta.helm.sh/release-name=${releaseName} meta.helm.sh/release-namespace=${namespace}`,
      kubectl(expected, shell`apply -f -`),
    ],
    " | ",
  );
}

/**
 * Makes a StatefulSet of the release anew, and then its pod: what was deleted is the set alone, so that the pod goes on
 * until there is a set again that makes it. The pod has to go then, since the set cannot give an existing pod its claim
 * (its volumes are fixed), tries that for ever, and replaces no pod before it has succeeded.
 */
export function remakeStatefulSet(expected: Expectation, name: string): ShellText {
  return joined(
    [
      kubectl(expected, shell`delete statefulset ${name} --cascade=orphan --ignore-not-found`),
      applyAgain(expected),
      kubectl(expected, shell`delete pod ${name}-0 --wait=false --ignore-not-found`),
    ],
    " && ",
  );
}

/** Takes another DNS credential: a new one where the stack made it, else one that the operator has to bring. */
export function renewCredential(expected: Expectation): ShellText {
  const { made, challenge, wildcard } = expected;
  const dnsProvider =
    challenge.type === "dns-01" ? challenge.dnsProvider : wildcard?.credential.dnsProvider;
  const google = dnsProvider === "googleCloud";
  if (made !== undefined) {
    const { key, token } = credentialChildren(programNames.credential);
    // That resource alone: the Secret that stores it has a similar name, and is not to be replaced.
    return shell`${verbatim(deploy(expected))} --replace '**::${google ? key : token}'`;
  }
  const setting = google ? shell`dns.serviceAccountKey < key.json` : shell`dns.apiToken`;
  return setAndDeploy(expected, shell`--path --secret ${verbatim(setting)}`);
}

/**
 * Makes what a credential belongs to anew, and with it the credential: a service account by another name, since its name
 * has the suffix in it, its grant, and a key.
 */
export function renewOwner(expected: Expectation): ShellText {
  return expected.made === undefined
    ? renewCredential(expected)
    : shell`${verbatim(deploy(expected))} --replace '**::${credentialChildren(programNames.credential).suffix}'`;
}
