import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { parseAllDocuments } from "yaml";
import {
  defaultGatewayName,
  defaultGatewayNamespace,
  defaultWildcardSecret,
  wildcardListener,
  wildcardName,
} from "../../../chart/gateway.ts";

// Checks, if AKASH_GATEWAY_CHART names the folder of Akash's gateway chart, that the chart still uses the names in
// chart/gateway.ts.

const helm = process.env.HELM ?? "";
const chart = process.env.AKASH_GATEWAY_CHART ?? "";
const domain = "example.test";

interface Gateway {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly listeners: readonly { readonly name: string }[] };
}

(chart === "" ? describe.skip : describe)("Akash's gateway chart", () => {
  it("serves tenants' hosts with the listener and the Secret that a wildcard certificate is created for", () => {
    const args = ["template", "gateway", chart, "-n", defaultGatewayNamespace];
    const text = execFileSync(helm, [...args, "--set", `domain=${domain}`], { encoding: "utf8" });
    const gateway = parseAllDocuments(text)
      .map((document) => document.toJS() as Gateway | null)
      .find((object) => object?.kind === "Gateway");
    assert.equal(gateway?.metadata.name, defaultGatewayName);
    assert.equal(gateway.metadata.namespace, defaultGatewayNamespace);
    assert.deepEqual(
      gateway.spec.listeners.find(({ name }) => name === wildcardListener),
      {
        name: wildcardListener,
        port: 443,
        protocol: "HTTPS",
        hostname: wildcardName(domain),
        tls: {
          mode: "Terminate",
          certificateRefs: [{ kind: "Secret", name: defaultWildcardSecret }],
        },
        allowedRoutes: { namespaces: { from: "All" } },
      },
    );
  });
});
