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

/** What there is to know of a stack's wildcard certificate. Nothing is asked for where the stack has none. */
export interface WildcardFacts {
  /** A host of a tenant's, of a name that nobody has: what is true of it is true of all. */
  readonly host: string;
  /** The address that the reader has told to be that of tenants' hosts. */
  readonly toldAddress: string | undefined;
  /** Whether the cluster has the types of cert-manager's objects. */
  readonly hasTypes: () => Promise<boolean>;
  readonly certificate: () => Promise<WatchedCertificate | undefined>;
  readonly issuer: () => Promise<WatchedObject | undefined>;
  /** The latest attempt to obtain the certificate; undefined where there is none. */
  readonly attempt: () => Promise<OrderAttempt | undefined>;
  /** The Secret that the certificate goes into. */
  readonly secret: () => Promise<CertificateSecret | undefined>;
  /** The entries of the Secret with the DNS credential. */
  readonly credential: () => Promise<Readonly<Record<string, string>> | undefined>;
  /** The certificate that port 443 serves for {@link host}. */
  readonly served: () => Promise<ServedCertificate | Unreachable>;
}

/** An object that a controller of cert-manager's looks after. */
export interface WatchedObject {
  readonly metadata?: {
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly managedFields?: readonly { readonly time?: string; readonly subresource?: string }[];
  };
  readonly status?: { readonly conditions?: readonly WatchedCondition[] };
}

/** What a controller says of an object, and since when. */
export interface WatchedCondition extends Condition {
  readonly lastTransitionTime?: string;
  /** Of what generation of the object it says that. */
  readonly observedGeneration?: number;
}

/** A Certificate, with when it was changed and what is said of it. */
export type WatchedCertificate = Pick<Certificate, "spec"> &
  Pick<WatchedObject, "metadata"> & {
    readonly status?: Omit<NonNullable<Certificate["status"]>, "conditions"> &
      WatchedObject["status"];
  };

/** A Secret that cert-manager has filled. */
export interface CertificateSecret {
  /** Name of the Issuer, as cert-manager notes it. */
  readonly issuer: string | undefined;
  /** What is in it; undefined where there is nothing, or no certificate. */
  readonly certificate: ServedCertificate | undefined;
}

/** How cert-manager notes by whom the certificate in a Secret is (https://cert-manager.io/docs/reference/annotations). */
const issuerAnnotation = "cert-manager.io/issuer-name";

/** Where tenants' hosts are, and what the roots are. */
export interface WildcardWire extends WireOptions {
  readonly addressOf: (host: string) => Promise<Address | undefined>;
  readonly toldAddress: string | undefined;
}

/**
 * Facts of the wildcard certificate, from the cluster and from what is served.
 *
 * @param expected the stack, whose wildcard certificate it is
 * @param wire where tenants' hosts are, and what the roots are
 */
export function wildcardFacts(
  expected: Expectation,
  { addressOf, toldAddress, ...wire }: WildcardWire,
): WildcardFacts {
  const host = `doctor-${randomBytes(4).toString("hex")}.${ingressDomain(expected.domain)}`;
  // Only checks that apply ask, and those of the wildcard certificate do where there is one.
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
    toldAddress,
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
 * What the stack says of its wildcard certificate.
 *
 * @throws Error where it has none: a check was run that does not apply
 */
export function wildcardOf({ wildcard }: Expectation): WildcardExpectation {
  if (wildcard === undefined) {
    throw new Error("the stack has no wildcard certificate");
  }
  return wildcard;
}

/** Those that are well-formed. */
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
