import { containerEnvironment, podTemplate } from "../../chart/objects.ts";
import { issuerDnsProvider, storageDirectory } from "../../chart/repairs.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { found, ifAvailable, keyOf, type Finding, type Problem } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";
import { applyAgain, deployAgain, restart } from "./remedies.ts";
import { podEnvironment } from "./podEnvironment.ts";
import { joined, shell, type ShellText } from "../../lib/shell.ts";

const differ: Problem = {
  id: "setting-differs",
  severity: "error",
  title: "A Let's Encrypt setting of the pod differs from the stack's",
  why: "The certificate would come from another CA, belong to another account, or not be issued.",
  command: deployAgain,
};

const dnsProviderName: Problem = {
  id: "dns-provider-name",
  severity: "error",
  title: "The pod names a DNS provider that the issuer does not know",
  why: "The provider knows only `gcloud` and `cf`, and exits at its start with any other name.",
  command: deployAgain,
};

const httpPort: Problem = {
  id: "http-port-under-dns-01",
  severity: "error",
  title: "HTTP-01 is enabled in addition to DNS-01",
  why: "The issuer prefers HTTP-01 and does not fall back, so DNS-01 is never used.",
  command: deployAgain,
};

const httpPortVariable = "AP_CERT_ISSUER_HTTP_CHALLENGE_PORT";

type Environment = Readonly<Record<string, string>>;

/** The issuer's environment according to the stack; undefined for a variable that must not be set. */
function expectedEnvironment(
  { challenge, directoryUrl, email }: Expectation,
  { AKASH_HOME: home = "/root/.akash" }: Environment,
): Readonly<Record<string, string | undefined>> {
  return {
    AP_CERT_ISSUER_ENABLED: "true",
    AP_CERT_ISSUER_EMAIL: email,
    AP_CERT_ISSUER_CA_DIR_URL: directoryUrl,
    AP_CERT_ISSUER_STORAGE_DIR: storageDirectory(home, directoryUrl),
    AP_CERT_ISSUER_DNS_PROVIDERS:
      challenge.type === "dns-01" ? issuerDnsProvider[challenge.dnsProvider] : undefined,
    ...(challenge.type === "dns-01" && challenge.environment),
  };
}

/** The pod's Let's Encrypt settings. */
export const settings: Check = {
  id: "settings",
  group: "Let's Encrypt settings",
  title: "The pod has the stack's Let's Encrypt settings",
  problems: [differ, dnsProviderName, httpPort],
  run: async (context) => {
    const { expected, cluster } = context;
    const environment = await podEnvironment(context);
    const revision = await ifAvailable(deployedRevision(cluster));
    const objects = revision && objectsOf(revision);
    const released = objects && containerEnvironment(objects, expected.names);
    const findings = mismatches(environment, expected);
    // If the release has the right value, it was changed outside of Helm, and `pulumi up` would deploy nothing.
    const wrong = released && new Set(mismatches(released, expected).map(keyOf));
    const own = namesOf((await cluster.pod())?.spec?.containers[0]?.env);
    const ownReleased = namesOf(
      objects && podTemplate(objects, expected.names)?.spec.containers[0]?.env,
    );
    const undo = (name: string) => {
      if (own.has(name) && !ownReleased.has(name)) {
        return kubectl(expected, shell`set env statefulset/${expected.names.fullname} ${name}-`);
      }
      const restored =
        released?.[name] === undefined ? removeFromSettings(expected, name) : applyAgain(expected);
      return joined([restored, restart(expected)], " && ");
    };
    return {
      seen: `${expected.challenge.type}, ${environment.AP_CERT_ISSUER_CA_DIR_URL ?? "no directory"}`,
      found: findings.map((finding) =>
        wrong?.has(keyOf(finding)) === false
          ? { ...finding, command: undo(finding.subject ?? httpPortVariable) }
          : finding,
      ),
    };
  },
};

function namesOf(variables: readonly { readonly name: string }[] | undefined): ReadonlySet<string> {
  return new Set(variables?.map(({ name }) => name));
}

/** Removes a key that the manifest does not name: applying the manifest again would keep it. */
function removeFromSettings(expected: Expectation, name: string): ShellText {
  const patch = JSON.stringify({ data: { [name]: null } });
  const { letsEncryptConfigMap } = expected.names;
  return kubectl(
    expected,
    shell`patch configmap ${letsEncryptConfigMap} --type=merge -p '${patch}'`,
  );
}

function mismatches(environment: Environment, expected: Expectation): Finding[] {
  return [
    ...Object.entries(expectedEnvironment(expected, environment))
      .filter(([name, value]) => environment[name] !== value)
      .map(([name, value]) => mismatch(name, value, environment[name], expected)),
    ...port(environment, expected),
  ];
}

function mismatch(
  name: string,
  value: string | undefined,
  seen: string | undefined,
  expected: Expectation,
): Finding {
  const named = name === "AP_CERT_ISSUER_DNS_PROVIDERS" && seen !== undefined;
  const known = Object.values<string>(issuerDnsProvider).includes(seen ?? "");
  return found(named && !known ? dnsProviderName : differ, expected, {
    subject: name,
    expected: `${name} ${value ?? "not set"}`,
    seen: seen ?? "not set",
  });
}

function port(environment: Environment, expected: Expectation): Finding[] {
  const name = httpPortVariable;
  const seen = environment[name];
  if (expected.challenge.type === "dns-01") {
    return seen === undefined
      ? []
      : [found(httpPort, expected, { expected: `${name} not set`, seen })];
  }
  return seen === undefined
    ? [found(differ, expected, { subject: name, expected: `${name} set`, seen: "not set" })]
    : [];
}
