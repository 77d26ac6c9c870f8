import assert from "node:assert/strict";
import { withoutCredentials } from "../../../../adopt/cluster/withoutCredentials.ts";
import { releaseNames } from "../../../../chart/release.ts";
import { record } from "./record.ts";

const names = releaseNames("akash-provider");
const configMap = `
# Source: provider/templates/configmaps.yaml
apiVersion: v1
kind: ConfigMap
metadata: { name: akash-provider-main } # as it is
`;
const secret = (name: string) => `
# Source: provider/templates/secrets.yaml
apiVersion: v1
kind: Secret
metadata:
  name: ${name}
data:
  key.txt: SENTINEL
`;

/** The form of charts before 12.1.3. */
const issuerConfigMap = (more: string) => `
# Source: provider/templates/letsencrypt-configmap.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: akash-provider-letsencrypt
data:
  AP_CERT_ISSUER_ENABLED: "true"
${more}  AP_CERT_ISSUER_DNS_PROVIDERS: cf
`;

const deployed = record({
  config: {
    from: "akash1",
    key: "SENTINEL",
    keysecret: "SENTINEL",
    letsEncrypt: {
      acme: { externalAccountBinding: { kid: "SENTINEL", hmac: "SENTINEL" } },
      providers: { cloudflare: { enabled: true, apiToken: "SENTINEL" } },
    },
  },
  manifest: [
    "",
    configMap,
    issuerConfigMap("  AP_CERT_ISSUER_KID: SENTINEL-kid\n  AP_CERT_ISSUER_HMAC: SENTINEL-hmac\n"),
    secret("akash-provider-keys"),
    secret("of-another"),
  ].join("---"),
});

describe("Helm's record of an adopted revision", () => {
  it("loses the credentials among its values, and nothing else", () => {
    assert.deepEqual(withoutCredentials(deployed, names).config, {
      from: "akash1",
      letsEncrypt: { providers: { cloudflare: { enabled: true } } },
    });
  });

  it("loses the Secrets that the program owns, and leaves the other objects byte for byte", () => {
    const { manifest } = withoutCredentials(deployed, names);
    assert.doesNotMatch(manifest, /akash-provider-keys/);
    assert(manifest.includes(configMap));
    assert(manifest.includes(secret("of-another")));
  });

  it("loses the CA's credential in the issuer's ConfigMap, and nothing else of the ConfigMap", () => {
    const { manifest } = withoutCredentials(deployed, names);
    assert.doesNotMatch(manifest, /SENTINEL-/);
    assert(manifest.includes(issuerConfigMap("")));
  });

  it("is unchanged without credentials", () => {
    const cleaned = withoutCredentials(deployed, names);
    assert.equal(withoutCredentials(cleaned, names), cleaned);
  });
});
