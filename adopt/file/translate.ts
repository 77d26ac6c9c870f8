import { lt } from "semver";
import { chartVersion } from "../../chart/release.ts";
import { priceTargetNames } from "../../config/accepted.ts";
import { isMap, type ValueMap } from "../../lib/json.ts";
import { mapLeaves } from "../../lib/tree.ts";
import { isUpgraded } from "../chartVersions.ts";
import { RemainingValues, type Dropped, type Problem } from "./remainingValues.ts";
import {
  translateDirectory,
  translateEmail,
  translateIngress,
  translateStorageClass,
} from "./translateCertificate.ts";
import { translateDns } from "./translateDns.ts";

/** Facts that the file does not contain. */
export interface TranslateOptions {
  /** DNS zone of the credential in the file: the chart's values have no place for it. */
  readonly zone?: string | undefined;
  /** Version of the chart that the file was for. Default: the version that the program deploys. */
  readonly deployedChart?: string;
  /** The deployed chart's own values. Default: none. */
  readonly defaults?: ValueMap;
  /** File for the bid price script, relative to the project. Default `price_script.sh`. */
  readonly scriptFile?: string;
}

/** A bid price script. */
export interface Script {
  /** Its file, relative to the project. */
  readonly file: string;
  readonly text: string;
}

/** A values file in the terms of the stack. */
export interface Translation {
  /** Settings that are not secret, by name. */
  readonly settings: ValueMap;
  /** Settings to encrypt, by their path. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Values without their own setting, for the setting `values`. */
  readonly values: ValueMap;
  /** The bid price script, if the file has one. */
  readonly script?: Script | undefined;
  readonly dropped: readonly Dropped[];
  readonly problems: readonly Problem[];
}

/** Values with the same name as the stack's setting. */
const sameName = ["website", "node", "chainid", "withdrawalperiod", "bidmindeposit"] as const;

/** The maps of the chart that are translated. */
const maps = [
  "letsEncrypt",
  "letsEncrypt.acme",
  "letsEncrypt.dns",
  "letsEncrypt.providers",
  "letsEncrypt.providers.cloudflare",
  "letsEncrypt.providers.googleCloud",
  "letsEncrypt.providers.googleCloud.serviceAccount",
  "letsEncrypt.storage",
  "gatewayApi",
  "ingress",
  "serviceAccount",
] as const;

/**
 * Translates the values that were passed to Helm into the stack's settings.
 *
 * Pure. Values that it cannot translate are among the result's problems; the stack's own checks (config/) validate the
 * settings.
 */
export function translate(values: ValueMap, options: TranslateOptions = {}): Translation {
  const { scriptFile = "price_script.sh", deployedChart = chartVersion, defaults = {} } = options;
  const source = new RemainingValues(values, maps, defaults);

  const secrets = {
    walletKey: source.base64("key"),
    walletPassword: source.base64("keysecret"),
  };
  const script = source.base64("bidpricescript");
  if (script?.trim() === "") {
    source.refuse("bidpricescript", "is empty");
  }
  const enabled = source.flag("letsEncrypt.enabled") ?? !lt(deployedChart, firstWithLetsEncrypt);
  if (!enabled) {
    source.dropped.push({
      path: "letsEncrypt.enabled",
      why: "Let's Encrypt is disabled, but this program obtains a certificate from Let's Encrypt: the next up turns it on",
    });
    if (options.zone === undefined) {
      // These values were not in use, and so are not checked.
      source.drop("letsEncrypt.dns", "Let's Encrypt is disabled");
      source.drop("letsEncrypt.providers", "Let's Encrypt is disabled");
    }
  }
  const { dns, credential } = translateDns(source, options.zone, deployedChart);
  const attributes = translateAttributes(source);
  const settings = {
    ...Object.fromEntries(sameName.map((name) => [name, source.text(name)])),
    // The chart's scripts use it without surrounding whitespace (scripts/create_provider.sh).
    from: source.text("from")?.trim(),
    domain: translateDomain(source),
    email: translateEmail(source),
    attributes,
    ...translatePriceTargets(source, script !== undefined),
    bidPriceScript: script === undefined ? undefined : scriptFile,
    acmeDirectory: translateDirectory(source),
    challenge: dns === undefined ? "http-01" : "dns-01",
    dns,
    storageClass: translateStorageClass(source, attributes),
    ingress: translateIngress(source, deployedChart),
  };
  dropWhatTheChartIgnores(source);
  if (source.flag("serviceAccount.create") === false) {
    source.dropped.push({
      path: "serviceAccount.create",
      why: "The repairs read their parameters from the chart's ServiceAccount, which the next up creates",
    });
  }
  if (isUpgraded(deployedChart)) {
    source.drop("image.tag", `The next up deploys chart ${chartVersion}, which has its own image`);
  }
  return {
    settings: defined(settings),
    secrets: defined({ ...secrets, ...credential }),
    values: source.rest,
    script: script === undefined ? undefined : { file: scriptFile, text: script },
    dropped: source.dropped,
    problems: source.problems,
  };
}

/** The first chart with Let's Encrypt on by default (akash-network/helm-charts #454). */
const firstWithLetsEncrypt = "12.1.3";

/** The chart iterates over the attributes: an empty map has none, and the last line break of a block is not part of the text. */
function translateAttributes(source: RemainingValues): unknown {
  const attributes = source.take("attributes");
  if (isMap(attributes) && Object.keys(attributes).length === 0) {
    return undefined;
  }
  return mapLeaves(attributes, (leaf) =>
    typeof leaf === "string" ? leaf.replace(/\r?\n$/, "") : leaf,
  );
}

/** Charts without a route for the challenge accept names that the API server does not accept as a route's host. */
function translateDomain(source: RemainingValues): string | undefined {
  const written = source.text("domain");
  const domain = written?.trim().replace(/\.$/, "").toLowerCase();
  if (domain !== written) {
    source.dropped.push({
      path: "domain",
      why: "Capital letters and a final dot are removed: the name is the same without them, and a route accepts no other form",
    });
  }
  return domain;
}

/** Only the script reads price targets (akash-network/provider, bidengine/pricing.go), and the stack refuses them without it. */
function translatePriceTargets(source: RemainingValues, hasScript: boolean): ValueMap {
  const names = Object.keys(source.rest).filter((name) => name.startsWith("price_target_"));
  const targets: Record<string, string | undefined> = {};
  for (const name of names) {
    if (!priceTargetNames.some((known) => known === name)) {
      // No template of the published chart reads it, but one of a changed chart may.
      continue;
    }
    if (hasScript) {
      targets[name] = source.text(name);
    } else {
      source.drop(
        name,
        "Without bidpricescript, the value has no effect: the provider bids with its built-in scale strategy",
      );
    }
  }
  return targets;
}

/** Charts before 12.1.3 had further values, such as a CA's credential for an ACME account, and a separate volume. */
function dropWhatTheChartIgnores(source: RemainingValues): void {
  const why = "No chart since 12.1.3 reads the value";
  source.drop("letsEncrypt.dns", `${why}; the enabled provider is used`);
  source.drop("letsEncrypt.storage", why);
  for (const name of Object.keys((source.rest.letsEncrypt as ValueMap | undefined)?.acme ?? {})) {
    if (name !== "httpChallengePort") {
      source.drop(`letsEncrypt.acme.${name}`, why);
    }
  }
}

function defined<T>(map: Readonly<Record<string, T | undefined>>): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, T] => entry[1] !== undefined),
  );
}
