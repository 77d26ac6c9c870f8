import { credentialChildren, programNames } from "../../components/names.ts";
import { helm, kubectl } from "../../lib/clusterCommand.ts";
import type { Expectation } from "../expectation.ts";
import { joined, shell, verbatim, type ShellText } from "../../lib/shell.ts";
import { inContainer } from "./lookUp.ts";

/** Deploys the stack. Without a changed setting this does nothing. */
function deploy({ stack }: Expectation): ShellText {
  return shell`pulumi up -s ${stack}`;
}

/**
 * Deploys the stack's settings over the state of the cluster. Without the refresh Pulumi compares the settings with its
 * own last deployment, and does nothing after a manual `helm rollback` or `helm upgrade`.
 */
export function deployAgain(expected: Expectation): ShellText {
  return shell`${verbatim(deploy(expected))} --refresh`;
}

/** Changes a setting and deploys it. */
export function setAndDeploy(expected: Expectation, setting: ShellText): ShellText {
  return shell`pulumi config set -s ${expected.stack} ${verbatim(setting)} && ${verbatim(deploy(expected))}`;
}

/**
 * Restores resources that were changed or deleted outside of Pulumi. Pulumi detects this only by a refresh, and takes a
 * field over from another field manager only by force
 * (https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply).
 */
export function refreshAndDeploy(expected: Expectation): ShellText {
  return shell`pulumi refresh -s ${expected.stack} --run-program && PULUMI_K8S_ENABLE_PATCH_FORCE=true ${verbatim(deploy(expected))}`;
}

/**
 * Restarts the provider. The StatefulSet immediately creates a new pod of the same name; kubectl, if it waited for the
 * deletion, could mistake the new pod for the old one.
 */
export function restart(expected: Expectation): ShellText {
  return kubectl(expected, shell`delete pod ${expected.names.pod} --wait=false`);
}

/**
 * Deletes the issuer's stored data and restarts the provider.
 *
 * @param folder below the issuer's folder, with a leading slash. Default: all of the issuer's folder
 */
export function restartWithoutStored(expected: Expectation, folder = ""): ShellText {
  const removal = `rm -r "$AP_CERT_ISSUER_STORAGE_DIR${folder}"`;
  return joined([inContainer(expected, shell`sh -c ${removal}`), restart(expected)], " && ");
}

/**
 * Applies Helm's manifest again, without creating a revision that Pulumi does not know. The manifest lacks the
 * annotations by which Helm recognizes its objects; without them a new release could not take the objects over.
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
 * Recreates a StatefulSet of the release, and then its pod. The set is deleted without the pod, which runs until the new
 * set exists. Then the pod is deleted: the set cannot add its claim to an existing pod, whose volumes are immutable,
 * retries this forever, and replaces no pod until it succeeds.
 */
export function recreateStatefulSet(expected: Expectation, name: string): ShellText {
  return joined(
    [
      kubectl(expected, shell`delete statefulset ${name} --cascade=orphan --ignore-not-found`),
      applyAgain(expected),
      kubectl(expected, shell`delete pod ${name}-0 --wait=false --ignore-not-found`),
    ],
    " && ",
  );
}

/** Replaces the DNS credential: by a new one if the stack created it, otherwise by one that the operator provides. */
export function renewCredential(expected: Expectation): ShellText {
  const { created, challenge, wildcard } = expected;
  const dnsProvider =
    challenge.type === "dns-01" ? challenge.dnsProvider : wildcard?.credential.dnsProvider;
  const google = dnsProvider === "googleCloud";
  if (created !== undefined) {
    const { key, token } = credentialChildren(programNames.credential);
    // Only this resource: the Secret with the credential has a similar name and must not be replaced.
    return shell`${verbatim(deploy(expected))} --replace '**::${google ? key : token}'`;
  }
  const setting = google ? shell`dns.serviceAccountKey < key.json` : shell`dns.apiToken`;
  return setAndDeploy(expected, shell`--path --secret ${verbatim(setting)}`);
}

/**
 * Recreates the owner of a credential, and with it the credential: a service account of another name, since its name
 * contains the suffix, its grant, and a key.
 */
export function renewOwner(expected: Expectation): ShellText {
  return expected.created === undefined
    ? renewCredential(expected)
    : shell`${verbatim(deploy(expected))} --replace '**::${credentialChildren(programNames.credential).suffix}'`;
}
