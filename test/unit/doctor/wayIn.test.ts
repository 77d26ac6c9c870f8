import assert from "node:assert/strict";
import type { CaaRecord } from "node:dns";
import type { KubernetesObject } from "../../../chart/manifest.ts";
import { addresses } from "../../../doctor/checks/addresses.ts";
import { caa } from "../../../doctor/checks/caa.ts";
import { certificate } from "../../../doctor/checks/certificate.ts";
import { cloudflareProxy } from "../../../doctor/checks/cloudflareProxy.ts";
import { everyAddress } from "../../../doctor/checks/everyAddress.ts";
import { challengePath } from "../../../doctor/checks/challengePath.ts";
import { challengeRoute } from "../../../doctor/checks/challengeRoute.ts";
import { delegation } from "../../../doctor/checks/delegation.ts";
import { zoneDelegation } from "../../../doctor/checks/zoneDelegation.ts";
import type { Comparison } from "../../../dns/delegation.ts";
import { NotAvailable } from "../../../doctor/finding.ts";
import { cloudflareDns01 } from "../../support/manifest.ts";
import { context, findings, ids } from "./context.ts";

describe("doctor, DNS and ingress", () => {
  for (const check of [addresses, caa, challengePath, challengeRoute, delegation, zoneDelegation]) {
    it(`reports nothing for ${check.id} if all is well`, async () => {
      assert.deepEqual(await findings(check), []);
    });
  }

  const at = (records: Readonly<Record<string, readonly string[]>>) => ({
    dns: {
      addresses: (name: string) => Promise.resolve({ ipv4: records[name] ?? [], ipv6: [] }),
    },
  });

  it("detects missing and private addresses", async () => {
    const host = "provider.example.com";
    const ingress = { "doctor.ingress.example.com": ["203.0.113.11"] };
    assert.deepEqual(await ids(addresses, at({})), ["host-missing", "ingress-missing"]);
    assert.deepEqual(await ids(addresses, at({ ...ingress, [host]: ["203.0.113.10"] })), []);
    for (const address of ["10.0.0.1", "172.31.0.1", "192.168.1.1", "127.0.0.1", "100.64.0.1"]) {
      const found = await findings(addresses, at({ ...ingress, [host]: [address] }));
      assert.deepEqual(
        found.map(({ id, seen }) => [id, seen]),
        [["host-private", address]],
      );
    }
  });

  it("reports IPv6, and detects a private IPv6 address", async () => {
    const with6 = (ipv6: string) => ({
      dns: { addresses: () => Promise.resolve({ ipv4: [], ipv6: [ipv6] }) },
    });
    assert.deepEqual(await ids(addresses, with6("2001:db8::1")), ["host-ipv6"]);
    assert.deepEqual(await ids(addresses, with6("fd00::1")), ["host-private", "host-ipv6"]);
  });

  const issue = (name: string, ...values: readonly string[]) => ({
    dns: {
      caa: (asked: string) =>
        Promise.resolve(
          asked === name ? values.map((value): CaaRecord => ({ critical: 0, issue: value })) : [],
        ),
    },
  });

  it("detects a delegation to a zone other than the credential's, and whether public DNS confirms it", async () => {
    const shown = (comparison: Comparison) => ({
      dns: { compare: () => Promise.resolve(comparison) },
    });
    const differs = (isPublic: boolean) =>
      shown({ result: "differs", isPublic, difference: "DNS asks ns1.registrar.test" });
    const [found] = await findings(zoneDelegation, differs(true));
    assert.deepEqual(
      [found?.id, found?.severity, found?.seen, found?.command],
      ["zone-not-asked", "error", "DNS asks ns1.registrar.test", "dig example.com NS +trace"],
    );
    assert.deepEqual(await ids(zoneDelegation, differs(false)), ["zone-perhaps-not-asked"]);
    await assert.rejects(findings(zoneDelegation, shown({ result: "unknown" })), NotAvailable);
  });

  it("accepts an address that the user passed", async () => {
    const changes = at({
      "provider.example.com": ["127.0.0.1"],
      "doctor.ingress.example.com": ["127.0.0.1"],
    });
    assert.deepEqual(await ids(addresses, changes), ["host-private"]);
    assert.deepEqual(await ids(addresses, { ...changes, reached: ["127.0.0.1"] }), []);
  });

  describe("if DNS differs in this network", () => {
    const seen = (here: readonly string[], outside: readonly string[] | undefined) => {
      const { dns } = at({
        "provider.example.com": here,
        "doctor.ingress.example.com": ["203.0.113.10"],
      });
      const view = outside && { server: "9.9.9.9", ipv4: outside, ipv6: [] };
      return findings(addresses, { dns: { ...dns, outside: () => Promise.resolve(view) } });
    };
    const idsOf = async (...args: Parameters<typeof seen>) =>
      (await seen(...args)).map(({ id }) => id);

    it("uses the addresses on the internet, and gives the command to check them", async () => {
      const [finding, ...others] = await seen(["192.168.1.10"], ["203.0.113.10"]);
      assert.deepEqual(others, []);
      assert.deepEqual(
        [finding?.id, finding?.severity, finding?.expected, finding?.seen, finding?.command],
        [
          ...["host-split", "info", "192.168.1.10, like in this network"],
          "203.0.113.10 from 9.9.9.9",
          "npm run doctor -- -s prod --dns-server 1.1.1.1",
        ],
      );
    });

    it("detects that the internet has no address, or one that it cannot reach", async () => {
      const [missing] = await seen(["192.168.1.10"], []);
      assert.equal(missing?.id, "host-missing");
      assert.equal(missing.seen, "none; in this network 192.168.1.10");
      assert.deepEqual(await idsOf(["192.168.1.10"], ["192.168.1.10"]), ["host-private"]);
      assert.deepEqual(await idsOf(["192.168.1.10"], ["10.0.0.1"]), ["host-split", "host-private"]);
    });

    it("uses this network's addresses if no public resolver is available or required", async () => {
      assert.deepEqual(await idsOf(["192.168.1.10"], undefined), ["host-private"]);
      assert.deepEqual(await idsOf(["203.0.113.10"], ["203.0.113.99"]), []);
    });
  });

  describe("by the route of the challenge", () => {
    const name = "akash-provider-letsencrypt-challenge";
    /** A release with this route, and the live route. */
    const route = (kind: string, apiVersion: string, spec: object, status: object, more = {}) => {
      const object = { kind, apiVersion, metadata: { name }, spec };
      const live = { [kind]: { ...object, status }, ...more } as Record<string, KubernetesObject>;
      return {
        revision: { manifest: JSON.stringify(object) },
        cluster: { live: ({ kind = "" }: KubernetesObject) => Promise.resolve(live[kind]) },
      };
    };
    const gateway = { name: "akash-gateway", namespace: "akash-gateway" };
    const httpRoute = (...conditions: object[]) =>
      route(
        "HTTPRoute",
        "gateway.networking.k8s.io/v1",
        { parentRefs: [gateway] },
        conditions.length === 0 ? {} : { parents: [{ parentRef: gateway, conditions }] },
      );
    const accepted = { type: "Accepted", status: "True" };
    const resolved = { type: "ResolvedRefs", status: "True" };

    it("accepts a Gateway that has accepted it", async () => {
      assert.deepEqual(await ids(challengeRoute, httpRoute(accepted, resolved)), []);
    });

    it("detects a Gateway that has not, or sets no status", async () => {
      const refusal = { type: "Accepted", status: "False", reason: "NoMatchingListenerHostname" };
      const [refused] = await findings(challengeRoute, httpRoute(refusal, resolved));
      assert.equal(refused?.id, "route-not-accepted");
      assert.equal(refused.expected, "Accepted by akash-gateway/akash-gateway");
      assert.equal(refused.seen, "Accepted False, NoMatchingListenerHostname");
      const [silent] = await findings(challengeRoute, httpRoute());
      assert.equal(silent?.id, "route-not-accepted");
      assert.equal(silent.seen, "no status from its controller");
    });

    it("ignores the status from before a change of the route", async () => {
      const at = (observedGeneration: number) => {
        const conditions = [accepted, resolved].map((condition) => ({
          ...condition,
          observedGeneration,
        }));
        const { revision, cluster } = httpRoute(...conditions);
        const live = async (object: KubernetesObject) => ({
          ...(await cluster.live(object)),
          metadata: { name, generation: 2 },
        });
        return { revision, cluster: { live } };
      };
      assert.deepEqual(await ids(challengeRoute, at(2)), []);
      const [stale, ...others] = await findings(challengeRoute, at(1));
      assert.deepEqual(others, []);
      assert.equal(stale?.id, "route-not-accepted");
      assert.equal(stale.seen, "no status from its controller since the route was changed");
    });

    it("describes the kind of the release's route, if port 80 does not route to it", async () => {
      const wire = {
        challenge: () => Promise.resolve({ status: 404, location: undefined, body: "" }),
      };
      const ingress = route("Ingress", "networking.k8s.io/v1", {}, {});
      for (const [changes, kind] of [
        [httpRoute(), "httproute"],
        [ingress, "ingress"],
      ] as const) {
        const [finding] = await findings(challengePath, { ...changes, wire });
        assert.equal(finding?.id, "port-80-not-routed");
        assert.equal(finding.command, `kubectl -n akash-services describe ${kind} ${name}`);
      }
    });

    it("detects a route without a backend", async () => {
      const lost = { type: "ResolvedRefs", status: "False", reason: "BackendNotFound" };
      assert.deepEqual(await ids(challengeRoute, httpRoute(accepted, lost)), ["route-unresolved"]);
    });

    it("detects an Ingress without a class, and one that is not served", async () => {
      const ingress = (status: object, more = {}) =>
        route("Ingress", "networking.k8s.io/v1", { ingressClassName: "nginx" }, status, more);
      const served = { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } };
      const classes = { IngressClass: {} };
      assert.deepEqual(await ids(challengeRoute, ingress(served, classes)), []);
      assert.deepEqual(await ids(challengeRoute, ingress({}, classes)), [
        "ingress-without-address",
      ]);
      assert.deepEqual(await ids(challengeRoute, ingress(served)), ["ingress-class-missing"]);
    });
  });

  describe("if a port does not respond from here", () => {
    const unreachable = { unreachable: "203.0.113.10:8443: no answer within 10 s" };
    const wire = {
      certificate: () => Promise.resolve(unreachable),
      challenge: () => Promise.resolve(unreachable),
    };
    const view = (pod: boolean, service: boolean | undefined) => ({
      inside: () => Promise.resolve({ pod, service }),
    });
    const well = view(true, true);

    it("reports it if the provider responds inside the cluster, with the command for a check from outside", async () => {
      const changes = { wire, cluster: well };
      const [finding, ...others] = await findings(certificate, changes);
      assert.deepEqual(others, []);
      assert.equal(finding?.id, "port-8443-unseen");
      assert.equal(finding.severity, "warning");
      assert.match(finding.title, /not reachable from here/);
      assert.match(
        finding.seen,
        /no answer within 10 s; inside the cluster, the Service akash-provider responds on port 8443/,
      );
      assert.equal(
        finding.command,
        "ssh 'MACHINE' 'openssl s_client -connect provider.example.com:8443 -servername provider.example.com'",
      );
      assert.deepEqual(await ids(challengePath, changes), ["port-80-unseen"]);
    });

    it("uses the pod, if the API server's proxy to the Service is not permitted", async () => {
      const changes = { wire, cluster: view(true, undefined) };
      const [finding] = await findings(certificate, changes);
      assert.equal(finding?.id, "port-8443-unseen");
      assert.match(
        finding.seen,
        /inside the cluster, the pod akash-provider-0 responds on port 8443/,
      );
    });

    it("detects a Service that does not route to the responding pod", async () => {
      const changes = { wire, cluster: view(true, false) };
      const [finding, ...others] = await findings(certificate, changes);
      assert.deepEqual(others, []);
      assert.equal(finding?.id, "service-leads-nowhere");
      assert.match(finding.seen, /^only the pod responds; .*no answer within 10 s$/);
      assert.equal(finding.command, "kubectl -n akash-services describe service akash-provider");
      const neither = { wire, cluster: view(false, false) };
      assert.deepEqual(await ids(certificate, neither), ["port-8443-closed"]);
    });

    it("reports it as closed if nothing responds inside, or the host is reachable", async () => {
      assert.deepEqual(await ids(certificate, { wire }), ["port-8443-closed"]);
      assert.deepEqual(await ids(challengePath, { wire }), ["port-80-closed"]);
      const atHost = { ...well, serverHost: "203.0.113.10" };
      assert.deepEqual(await ids(certificate, { wire, cluster: atHost }), ["port-8443-closed"]);
      const told = { wire, cluster: well, reached: ["127.0.0.1"] };
      assert.deepEqual(await ids(certificate, told), ["port-8443-closed"]);
    });
  });

  describe("with several addresses", () => {
    const dns = {
      addresses: () => Promise.resolve({ ipv4: ["203.0.113.10"], ipv6: ["2001:db8::10"] }),
    };

    it("warns of one that does not respond, on each port", async () => {
      const reach = (address: string) =>
        Promise.resolve(address.includes(":") ? "connect ECONNREFUSED" : undefined);
      const found = await findings(everyAddress, { dns, reach });
      assert.deepEqual(
        found.map(({ id, severity, subject }) => [id, severity, subject]),
        [8443, 80].map((port) => [
          "address-unreachable",
          "warning",
          `2001:db8::10 on port ${port}`,
        ]),
      );
      const dns01 = await findings(everyAddress, { dns, reach, challenge: cloudflareDns01 });
      assert.deepEqual(
        dns01.map(({ subject }) => subject),
        ["2001:db8::10 on port 8443"],
      );
    });

    it("does not warn if none responds, all do, or there is only one", async () => {
      const none = () => Promise.resolve("timeout");
      assert.deepEqual(await ids(everyAddress, { dns, reach: none }), []);
      assert.deepEqual(await ids(everyAddress, { dns }), []);
      assert.deepEqual(await ids(everyAddress, { reach: none }), []);
    });

    it("reports that a machine without IPv6 cannot check", async () => {
      const reach = (address: string) =>
        address.includes(":")
          ? Promise.reject(new NotAvailable("this machine has no route to 2001:db8::10"))
          : Promise.resolve(undefined);
      await assert.rejects(findings(everyAddress, { dns, reach }), NotAvailable);
    });
  });

  describe("behind Cloudflare's proxy", () => {
    const unreachable = { unreachable: "handshake failure" };
    const certificateOf = { certificate: () => Promise.resolve(unreachable) };
    const at = (address: string) => ({
      addresses: () => Promise.resolve({ ipv4: [address], ipv6: [] }),
    });

    it("is detected by the proxy's own headers", async () => {
      const [finding] = await findings(cloudflareProxy, {
        cloudflareHeaders: () => Promise.resolve("server: cloudflare, cf-ray: 1"),
      });
      assert.equal(finding?.id, "cloudflare-proxy");
      assert.equal(finding.severity, "error");
      assert.equal(finding.seen, "server: cloudflare, cf-ray: 1");
    });

    it("is detected by the address if nothing is served, and not if the provider is", async () => {
      const changes = { dns: at("104.16.1.2"), wire: certificateOf };
      assert.deepEqual(await ids(cloudflareProxy, changes), ["cloudflare-proxy"]);
      assert.deepEqual(await ids(cloudflareProxy, { dns: at("104.16.1.2") }), []);
      assert.deepEqual(
        await ids(cloudflareProxy, { dns: at("203.0.113.10"), wire: certificateOf }),
        [],
      );
    });
  });

  it("applies the CAA records of the nearest name that has any", async () => {
    assert.deepEqual(await ids(caa, issue("example.com", "letsencrypt.org")), []);
    assert.deepEqual(await ids(caa, issue("example.com", "pki.goog", "letsencrypt.org")), []);
    const [finding] = await findings(caa, issue("com", "pki.goog", ";"));
    assert.equal(finding?.id, "caa-forbids");
    assert.equal(finding.seen, "pki.goog | ; at com");
    const only = { dns: { caa: () => Promise.resolve([{ critical: 0, issuewild: ";" }]) } };
    assert.deepEqual(await ids(caa, only), []);
  });

  it("applies the parameters of CAA records", async () => {
    const dns01 = issue("example.com", "letsencrypt.org; validationmethods=dns-01");
    assert.deepEqual(await ids(caa, dns01), ["caa-method"]);
    assert.deepEqual(await ids(caa, { ...dns01, challenge: cloudflareDns01 }), []);
    const bound = issue("example.com", "letsencrypt.org; accounturi=https://a/1");
    assert.deepEqual(await ids(caa, bound), ["caa-account"]);
  });

  it("does not check CAA records for another CA", () => {
    const { expected } = context({ expected: { directoryUrl: "https://ca.example/dir" } });
    assert.equal(caa.applies?.(expected), false);
  });

  it("follows an alias of the challenge's name", async () => {
    const to = (target: string) => ({
      challenge: cloudflareDns01,
      dns: { alias: () => Promise.resolve(target) },
    });
    assert.deepEqual(await ids(delegation, to("x.acme.example.com")), ["challenge-delegated"]);
    assert.deepEqual(await ids(delegation, to("x.example.org.")), [
      "challenge-delegated-elsewhere",
    ]);
  });

  it("distinguishes the responses on port 80", async () => {
    const of = (status: number, body = "") =>
      ids(challengePath, {
        wire: { challenge: () => Promise.resolve({ status, location: undefined, body }) },
      });
    assert.deepEqual(await of(502), []);
    assert.deepEqual(await of(200, "TEST"), []);
    assert.deepEqual(await of(200, "<html>"), ["port-80-foreign"]);
    assert.deepEqual(await of(403), ["port-80-foreign"]);
    assert.deepEqual(await of(404), ["port-80-not-routed"]);
    assert.deepEqual(await of(308), ["port-80-redirected"]);
    const unreachable = { unreachable: "203.0.113.10:80: no answer within 10 s" };
    const closed = { wire: { challenge: () => Promise.resolve(unreachable) } };
    assert.deepEqual(await ids(challengePath, closed), ["port-80-closed"]);
  });
});
