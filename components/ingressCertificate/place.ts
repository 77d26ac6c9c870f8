import {
  defaultGatewayName,
  defaultGatewayNamespace,
  defaultWildcardSecret,
  wildcardName,
} from "../../chart/gateway.ts";
import { dnsName } from "../../lib/dnsName.ts";

/** A Gateway of the cluster. */
export interface GatewayPlace {
  readonly namespace: string;
  readonly name: string;
}

/** The place of a wildcard certificate. All fields are plain values, since hooks check the place before any creation. */
export interface IngressPlaceArgs {
  /** The provider's domain: the certificate is for `*.ingress.<domain>`. */
  readonly domain: string;
  /** Further names of the certificate, such as `*.<domain>`. Default: none. */
  readonly names?: readonly string[] | undefined;
  /** Namespace of the certificate, in which the Gateway reads it. Default `akash-gateway`, as in Akash's guides. */
  readonly namespace?: string | undefined;
  /** Name of the Secret with the certificate. Default `wildcard-ingress-tls`, as in Akash's guides. */
  readonly secretName?: string | undefined;
  /**
   * The Gateway that serves the certificate, which is checked before any creation. Default: `akash-gateway` in
   * `akash-gateway`, as in Akash's guides; `false` where an Ingress serves the certificate, without a check.
   */
  readonly gateway?: GatewayPlace | false | undefined;
}

/** {@link IngressPlaceArgs} with the defaults. */
export interface IngressPlace {
  readonly dnsNames: readonly [string, ...string[]];
  readonly namespace: string;
  readonly secretName: string;
  readonly gateway: GatewayPlace | undefined;
}

/** The place of a wildcard certificate, with the defaults. */
export function ingressPlace({
  domain,
  names = [],
  namespace = defaultGatewayNamespace,
  secretName = defaultWildcardSecret,
  gateway = { namespace: defaultGatewayNamespace, name: defaultGatewayName },
}: IngressPlaceArgs): IngressPlace {
  const first = wildcardName(dnsName(domain));
  const others = [...new Set(names.map(dnsName))].filter((name) => name !== first);
  return {
    dnsNames: [first, ...others],
    namespace,
    secretName,
    gateway: gateway === false ? undefined : gateway,
  };
}
