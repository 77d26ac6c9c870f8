import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "./manifest.ts";
import {
  configMapData,
  editConfigMap,
  editPodTemplate,
  podTemplate,
  type Container,
  type PodTemplate,
} from "./objects.ts";
import { checksumPrefix, type ReleaseNames } from "./release.ts";

/** Name of the check in the ConfigMap with the provider's scripts. */
const scriptName = "renewal_retry.sh";

/** The annotation of the pod with the digest of the check, so that a changed check restarts the pod. */
export const renewalRetryChecksum = `${checksumPrefix}renewal-retry`;

/** How many hours before its expiry a certificate is overdue: the issuer's only attempt, at 24 hours, has failed. */
export const overdueHours = 22;

/** How many hours after its start a container is not restarted. */
export const retryHours = 3;

/** The exit code with which the check requests a restart. No shell and no tool uses this code by itself. */
const restartCode = 75;

/**
 * The check that the container's liveness probe runs before the chart's own.
 *
 * After a failed probe, the kubelet restarts the container in the same pod, and at its start the issuer requests a missing
 * certificate or one in its last day. Only one exit code requests the restart, so that a failure of the check itself leaves
 * the container running. At intervals of three hours there are seven more attempts before the expiry, and fewer failures
 * than Let's Encrypt allows (https://letsencrypt.org/docs/rate-limits/: 5 an hour for an account and host, which one start
 * without a certificate may use up).
 *
 * The check needs only the image's bash, coreutils and openssl.
 */
export const renewalRetryScript = `#!/bin/bash
# Added by akash-provider-letsencrypt (repair renewal-retry). The certificate issuer tries a renewal once, 24 hours
# before the end, and a first certificate five times, and then nothing until it is started again. Exit code ${restartCode} asks
# the liveness probe for that start; every other one leaves the container alone.

host=$AKASH_CLUSTER_PUBLIC_HOSTNAME
certificates=$AP_CERT_ISSUER_STORAGE_DIR/certificates
certificate=$certificates/$host.crt
# The issuer makes the directory when it starts: without it this is not where it keeps the certificate.
[[ $AP_CERT_ISSUER_ENABLED == true && -n $host && -n $AP_CERT_ISSUER_STORAGE_DIR && -d $certificates ]] || exit 0
openssl version > /dev/null 2>&1 || exit 0

# The age of the container: process 1 started \${20} hundredths of a second after the machine (proc_pid_stat(5), field 22;
# the second one, a name in parentheses, may have blanks), and its clock tick is a hundredth of a second to every program.
stat=$(cat /proc/1/stat 2> /dev/null)
set -- \${stat##*) }
ticks=\${20}
uptime=$(cat /proc/uptime 2> /dev/null)
uptime=\${uptime%%.*}
[[ $ticks =~ ^[0-9]+$ && $uptime =~ ^[0-9]+$ ]] || exit 0
(( uptime - ticks / 100 >= ${retryHours} * 3600 )) || exit 0

# Twice, since the issuer may be writing the file just now.
for look in first second; do
  reason=
  if [[ ! -e $certificate ]]; then
    reason="there is no certificate for $host"
  else
    end=$(timeout 5 openssl x509 -noout -enddate -in "$certificate" 2> /dev/null)
    case $? in
      0)
        timeout 5 openssl x509 -noout -checkend $((${overdueHours} * 3600)) -in "$certificate" > /dev/null 2>&1
        [[ $? == 1 ]] && reason="the certificate for $host ends at \${end#*=} and has not been renewed"
        ;;
      1) reason="the certificate for $host cannot be read" ;;
    esac
  fi
  [[ -n $reason ]] || exit 0
  [[ $look == second ]] || sleep 2
done
echo "renewal-retry: $reason; restarting the container, so that the issuer tries again"
exit ${restartCode}
`;

/** The check's digest, for the pod's annotation. */
const scriptDigest = createHash("sha256").update(renewalRetryScript).digest("hex").slice(0, 16);

/**
 * Makes the liveness probe of the provider's container run the check first.
 *
 * The chart's command is unchanged and runs after the check. Does nothing where the chart's own check inspects the issuer's
 * certificate already, or the probe cannot run a script.
 */
export function retryRenewal(
  objects: readonly KubernetesObject[],
  names: ReleaseNames,
): readonly KubernetesObject[] {
  const command = probeCommand(podTemplate(objects, names)?.spec.containers[0]);
  const scripts = configMapData(objects, names.scriptsConfigMap);
  const path = scriptPath(podTemplate(objects, names), names);
  if (
    command === undefined ||
    scripts === undefined ||
    path === undefined ||
    renewsItself(command, scripts)
  ) {
    return objects;
  }
  const withScript = editConfigMap(objects, names.scriptsConfigMap, (data) => ({
    ...data,
    [scriptName]: renewalRetryScript,
  }));
  return editPodTemplate(withScript, names, (template) => {
    const [container, ...sidecars] = template.spec.containers;
    const repaired = container && withCommand(container, commandWithRetry(path, command));
    const annotations = { ...template.metadata?.annotations, [renewalRetryChecksum]: scriptDigest };
    const edited = {
      ...template,
      metadata: { ...template.metadata, annotations },
      spec: { ...template.spec, containers: repaired ? [repaired, ...sidecars] : sidecars },
    };
    return isDeepStrictEqual(edited, template) ? template : edited;
  });
}

/** Whether the liveness probe retries a failed renewal, by the repair or by the chart itself. */
export function retriesRenewal(objects: readonly KubernetesObject[], names: ReleaseNames): boolean {
  const template = podTemplate(objects, names);
  const command = probeCommand(template?.spec.containers[0]);
  const scripts = configMapData(objects, names.scriptsConfigMap) ?? {};
  if (command === undefined) {
    return false;
  }
  const path = scriptPath(template, names);
  const repaired =
    scripts[scriptName] !== undefined && path !== undefined && runsScript(command, path);
  return repaired || renewsItself(command, scripts);
}

/** Whether a container's liveness probe runs the check, from any source of the script. */
export function probeRetriesRenewal(command: readonly string[] | undefined): boolean {
  return command?.some((word) => word.includes(`/${scriptName}`)) === true;
}

function probeCommand(container: Container | undefined): readonly string[] | undefined {
  return container?.livenessProbe?.exec?.command;
}

function withCommand(container: Container, command: readonly string[]): Container {
  const { livenessProbe } = container;
  return {
    ...container,
    livenessProbe: { ...livenessProbe, exec: { ...livenessProbe?.exec, command } },
  };
}

/** The chart's command follows the check unchanged, as the arguments of a shell. */
function commandWithRetry(path: string, command: readonly string[]): readonly string[] {
  return runsScript(command, path)
    ? command
    : ["sh", "-c", `${path}; [ $? -ne ${restartCode} ] || exit 1; exec "$0" "$@"`, ...command];
}

function runsScript(command: readonly string[], path: string): boolean {
  return command.some((word) => word.startsWith(`${path};`));
}

/** Path of the check in the container: in the folder of the chart's scripts. */
function scriptPath(template: PodTemplate | undefined, names: ReleaseNames): string | undefined {
  const volume = template?.spec.volumes?.find(
    ({ configMap }) => configMap?.name === names.scriptsConfigMap && configMap.items === undefined,
  );
  const mount = template?.spec.containers[0]?.volumeMounts?.find(
    ({ name, subPath }) => name === volume?.name && subPath === undefined,
  );
  return volume && mount && `${mount.mountPath}/${scriptName}`;
}

/** Whether the probe runs a script of the chart that inspects the issuer's certificate. */
function renewsItself(
  command: readonly string[],
  scripts: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(scripts).some(
    ([name, text]) =>
      name !== scriptName &&
      command.some((word) => word.includes(name)) &&
      /AP_CERT_ISSUER_STORAGE_DIR|\.certissuer/.test(text),
  );
}
