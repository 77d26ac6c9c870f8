import assert from "node:assert/strict";
import { wildcardCertificates } from "../../../../adopt/cluster/wildcardCertificates.ts";
import { ownerAnnotation } from "../../../../components/owner.ts";

describe("a cert-manager Certificate that adopt finds", () => {
  const spec = {
    secretName: "wildcard-ingress-tls",
    dnsNames: ["*.example.com", "*.ingress.example.com"],
    issuerRef: { kind: "ClusterIssuer", name: "letsencrypt-prod" },
  };
  const found = (metadata: object, more: object = {}, domain = "example.com") =>
    wildcardCertificates(
      [{ metadata: { namespace: "akash-gateway", ...metadata }, spec: { ...spec, ...more } }],
      domain,
    );

  it("is for the tenants where it has the name of their hosts", () => {
    assert.deepEqual(found({ name: "wildcard-https" }), [
      {
        namespace: "akash-gateway",
        name: "wildcard-https",
        secretName: "wildcard-ingress-tls",
        dnsNames: spec.dnsNames,
        issuer: "ClusterIssuer letsencrypt-prod",
      },
    ]);
    assert.equal(found({ name: "x" }, {}, "Example.com.").length, 1);
    assert.deepEqual(found({ name: "x" }, { dnsNames: ["*.example.com"] }), []);
    assert.deepEqual(found({ name: "x" }, {}, "example.org"), []);
  });

  it("names an Issuer where it has no kind", () => {
    const [one] = found({ name: "x" }, { issuerRef: { name: "ours" } });
    assert.equal(one?.issuer, "Issuer ours");
  });

  it("is not a Certificate that a stack created", () => {
    assert.deepEqual(found({ name: "x", annotations: { [ownerAnnotation]: "project/prod" } }), []);
  });
});
