import { randomBytes, X509Certificate } from "node:crypto";
import type { V1Secret } from "@kubernetes/client-node";
import { ingressDomain } from "../../chart/gateway.ts";
import {
  acmeApi,
  certManagerApi,
  type Certificate,
  type Condition,
} from "../../components/ingressCertificate/certManager.ts";
import { CoreV1Api, CustomObjectsApi } from "../../lib/kubernetesClient.ts";
import { clusterClient } from "../../lib/kubernetesApi.ts";
import type { Address } from "../arguments.ts";
import { clusterChoice, type Expectation } from "../expectation.ts";
import type { WildcardExpectation } from "../wildcardExpectation.ts";
import { answer } from "./clusterFacts.ts";
import { latestAttempt, type OrderAttempt } from "./orderAttempt.ts";
import { once } from "./once.ts";
import {
  readCertificate,
  servedCertificate,
  type ServedCertificate,
  type Unreachable,
  type WireOptions,
} from "./wire.ts";

/** The facts about a stack's wildcard certificate. Without one, nothing is requested. */
export interface WildcardFacts {
  /** A random host name of a tenant that is not in use: it stands for all hosts. */
  readonly host: string;
  /** The address of tenants' hosts that the user passed. */
  readonly givenAddress: string | undefined;
  /** Whether the cluster has the types of cert-manager's objects. */
  readonly hasTypes: () => Promise<boolean>;
  readonly certificate: () => Promise<WatchedCertificate | undefined>;
  readonly issuer: () => Promise<WatchedObject | undefined>;
  /** The latest attempt to obtain the certificate; undefined if there is none. */
  readonly attempt: () => Promise<OrderAttempt | undefined>;
  /** The Secret that contains the certificate. */
  readonly secret: () => Promise<CertificateSecret | undefined>;
  /** The entries of the Secret with the DNS credential. */
  readonly credential: () => Promise<Readonly<Record<string, string>> | undefined>;
  /** The certificate that port 443 serves for {@link host}. */
  readonly served: () => Promise<ServedCertificate | Unreachable>;
}

/** An object that a controller of cert-manager manages. */
export interface WatchedObject {
  readonly metadata?: {
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly managedFields?: readonly { readonly time?: string; readonly subresource?: string }[];
  };
  readonly status?: { readonly conditions?: readonly WatchedCondition[] };
}

/** A condition of an object, and the time of its last change. */
export interface WatchedCondition extends Condition {
  readonly lastTransitionTime?: string;
  /** The generation of the object that the condition describes. */
  readonly observedGeneration?: number;
}

/** A Certificate with its times of change and its status. */
export type WatchedCertificate = Pick<Certificate, "spec"> &
  Pick<WatchedObject, "metadata"> & {
    readonly status?: Omit<NonNullable<Certificate["status"]>, "conditions"> &
      WatchedObject["status"];
  };

/** A Secret that cert-manager has filled. */
export interface CertificateSecret {
  /** Name of the Issuer in cert-manager's annotation. */
  readonly issuer: string | undefined;
  /** The content; undefined if it is empty or not a certificate. */
  readonly certificate: ServedCertificate | undefined;
}

/** cert-manager's annotation with the issuer of the certificate in a Secret (https://cert-manager.io/docs/reference/annotations). */
const issuerAnnotation = "cert-manager.io/issuer-name";

/** The addresses of tenants' hosts, and the known roots. */
export interface WildcardWire extends WireOptions {
  readonly addressOf: (host: string) => Promise<Address | undefined>;
  readonly givenAddress: string | undefined;
}

/**
 * The facts about the wildcard certificate, from the cluster and from the served certificate.
 *
 * @param expected the expectations of the stack
 * @param wire the addresses of tenants' hosts, and the known roots
 */
export function wildcardFacts(
  expected: Expectation,
  { addressOf, givenAddress, ...wire }: WildcardWire,
): WildcardFacts {
  const host = `doctor-${randomBytes(4).toString("hex")}.${ingressDomain(expected.domain)}`;
  // Only checks that apply call this, and those of the wildcard certificate apply only if there is one.
  const own = (): WildcardExpectation => wildcardOf(expected);
  const apis = once(async () => {
    const config = await clusterClient(clusterChoice(expected));
    return {
      core: config.makeApiClient(CoreV1Api),
      custom: config.makeApiClient(CustomObjectsApi),
    };
  });
  const ask = <T>(read: Promise<T>) => answer(read, { ...expected, namespace: own().namespace });
  const object = async <T>(plural: string, name: string): Promise<T | undefined> => {
    const { custom } = await apis();
    const { namespace } = own();
    const target = { ...certManagerApi, plural, namespace, name };
    return ask(custom.getNamespacedCustomObject(target) as Promise<T>);
  };
  const listed = async (api: typeof certManagerApi | typeof acmeApi, plural: string) => {
    const { custom } = await apis();
    const { namespace } = own();
    const target = { ...api, plural, namespace };
    const read = custom.listNamespacedCustomObject(target) as Promise<unknown>;
    return (await ask(read)) ?? { items: [] };
  };
  const secret = async (name: string): Promise<V1Secret | undefined> => {
    const { core } = await apis();
    return ask(core.readNamespacedSecret({ namespace: own().namespace, name }));
  };
  return {
    host,
    givenAddress,
    hasTypes: once(async () => {
      const { custom } = await apis();
      const served = await ask(custom.getAPIResources(certManagerApi));
      const types = served?.resources.map(({ name }) => name) ?? [];
      return ["certificates", "issuers"].every((type) => types.includes(type));
    }),
    certificate: once(() => object<WatchedCertificate>("certificates", own().certificate)),
    issuer: once(() => object<WatchedObject>("issuers", own().issuer)),
    attempt: once(async () => {
      const [requests, orders, challenges] = await Promise.all([
        listed(certManagerApi, "certificaterequests"),
        listed(acmeApi, "orders"),
        listed(acmeApi, "challenges"),
      ]);
      return latestAttempt(own().certificate, { requests, orders, challenges });
    }),
    secret: once(async () => {
      const found = await secret(own().secretName);
      const pem = Buffer.from(found?.data?.["tls.crt"] ?? "", "base64").toString();
      const [first, ...others] = certificatesIn(pem);
      return (
        found && {
          issuer: found.metadata?.annotations?.[issuerAnnotation],
          certificate:
            first && readCertificate(host, [first, ...others], wire.roots, wire.now ?? new Date()),
        }
      );
    }),
    credential: once(async () => {
      const found = await secret(own().credential.name);
      return (
        found &&
        Object.fromEntries(
          Object.entries(found.data ?? {}).map(([key, value]) => [
            key,
            Buffer.from(value, "base64").toString(),
          ]),
        )
      );
    }),
    served: once(async () => servedCertificate(host, await addressOf(host), wire)),
  };
}

/**
 * The stack's expectations of its wildcard certificate.
 *
 * @throws Error if the stack has none: a check was run that does not apply
 */
export function wildcardOf({ wildcard }: Expectation): WildcardExpectation {
  if (wildcard === undefined) {
    throw new Error("the stack has no wildcard certificate");
  }
  return wildcard;
}

/** The well-formed certificates of a PEM file. */
function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return new X509Certificate(block);
    } catch {
      return [];
    }
  });
}
