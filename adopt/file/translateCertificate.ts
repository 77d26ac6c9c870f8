import { lt } from "semver";
import { persistentStorageClass } from "../../config/guards.ts";
import { letsEncryptDirectory } from "../../config/environment.ts";
import type { ValueMap } from "../../lib/json.ts";
import type { RemainingValues } from "./remainingValues.ts";

/** The first chart with the Gateway API on by default (akash-network/helm-charts #541). */
const firstWithGatewayApi = "15.1.0-rc0";

/** The chart has an address for the issuer and one for the provider's entry on the chain; the stack has one for both. */
export function translateEmail(source: RemainingValues): string | undefined {
  const email = source.text("email");
  const acmeEmail = source.text("letsEncrypt.acme.email");
  if (email !== undefined && acmeEmail !== undefined && acmeEmail !== email) {
    source.dropped.push({
      path: "letsEncrypt.acme.email",
      why: "The stack has one e-mail address for the chain and for Let's Encrypt, and uses the top-level email",
    });
  }
  return email ?? acmeEmail;
}

/** The name of the ACME directory, or its URL. Without a value the chart's default, production, is in use. */
export function translateDirectory(source: RemainingValues): string {
  // The provider uses staging for the empty text (akash-network/provider, cmd/provider-services/cmd/flags.go).
  const used =
    source.text("letsEncrypt.acme.caDirUrl", letsEncryptDirectory.staging) ??
    letsEncryptDirectory.production;
  const named = Object.entries(letsEncryptDirectory).find(([, directory]) => directory === used);
  return named?.[0] ?? used;
}

/** The chart prefers the class of the persistent storage in the attributes (templates/_helpers.tpl). */
export function translateStorageClass(
  source: RemainingValues,
  attributes: unknown,
): string | undefined {
  const storageClass = source.text("letsEncrypt.storage.storageClass");
  const preferred = persistentStorageClass(stringAttributes(attributes));
  if (storageClass === undefined) {
    return undefined;
  }
  if (preferred !== undefined && preferred !== storageClass) {
    source.dropped.push({
      path: "letsEncrypt.storage.storageClass",
      why: `The chart prefers ${preferred}, the persistent class in the attributes`,
    });
    return undefined;
  }
  return storageClass;
}

function stringAttributes(attributes: unknown): { key: string; value: string }[] {
  const list: readonly Partial<ValueMap>[] = Array.isArray(attributes) ? attributes : [];
  return list.map((attribute) => ({
    key: String(attribute?.key),
    value: String(attribute?.value),
  }));
}

/** How port 80 reaches the provider; undefined for the stack's default. */
export function translateIngress(
  source: RemainingValues,
  deployedChart: string,
): ValueMap | undefined {
  const enabled = source.flag("gatewayApi.enabled") ?? !lt(deployedChart, firstWithGatewayApi);
  if (!enabled) {
    for (const name of ["gatewayName", "gatewayNamespace"]) {
      source.drop(`gatewayApi.${name}`, "The Gateway API is off");
    }
    return withDefined({ mode: "ingress", className: source.text("ingress.className") });
  }
  source.drop("ingress.className", "The Gateway API is on, and there is no Ingress");
  const gateway = withDefined({
    mode: "gateway-api",
    gatewayName: source.text("gatewayApi.gatewayName"),
    gatewayNamespace: source.text("gatewayApi.gatewayNamespace"),
  });
  return Object.keys(gateway).length === 1 ? undefined : gateway;
}

/** Omits undefined values. */
function withDefined(map: Readonly<Record<string, string | undefined>>): ValueMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));
}
