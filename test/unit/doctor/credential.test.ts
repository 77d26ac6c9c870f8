import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { credentialCount } from "../../../doctor/checks/credentialCount.ts";
import { credentialGrants } from "../../../doctor/checks/credentialGrants.ts";
import { credentialLife } from "../../../doctor/checks/credentialLife.ts";
import { credentialSecret } from "../../../doctor/checks/credentialSecret.ts";
import { credentialWorks } from "../../../doctor/checks/credentialWorks.ts";
import { workloadIdentity } from "../../../doctor/checks/workloadIdentity.ts";
import type { CreatedCredential } from "../../../doctor/expectation.ts";
import { cloudAccess } from "../../../doctor/cloudAccess.ts";
import { deployedCredential } from "../../../doctor/facts/deployedCredential.ts";
import { credentialDefect } from "../../../doctor/facts/credentialForm.ts";
import { NotAvailable } from "../../../doctor/finding.ts";
import { digestOf } from "../../../dns/credential.ts";
import { context, daysFromNow, findings, ids, wildcard, type Changes } from "./context.ts";

const token = "t".repeat(40);
const challenge = {
  type: "dns-01",
  dnsProvider: "cloudflare",
  credentialDigest: digestOf(token),
  environment: {},
} as const;

function withSecret(entries: Readonly<Record<string, string>> | undefined): Changes {
  const secret = entries && { name: "akash-provider-cloudflare-dns", entries };
  return { challenge, cluster: { secret: () => Promise.resolve(secret) } };
}

const healthy = withSecret({ CF_DNS_API_TOKEN: token });

describe("doctor, the credential", () => {
  for (const check of [
    credentialSecret,
    credentialWorks,
    credentialLife,
    credentialCount,
    credentialGrants,
  ]) {
    it(`reports nothing for ${check.id} if all is well`, async () => {
      assert.deepEqual(await findings(check, { ...healthy, prove: true }), []);
    });
    it(`does not apply ${check.id} under HTTP-01, nor on GKE without a key`, () => {
      assert.equal(check.applies?.(context().expected), false);
      const keyless = { type: "dns-01", dnsProvider: "googleCloud" } as const;
      assert.equal(check.applies(context({ challenge: keyless }).expected), false);
    });
  }

  it("checks the wildcard certificate's credential under HTTP-01, which no pod uses", async () => {
    const changes = { expected: { wildcard } };
    const { expected } = context(changes);
    assert.equal(credentialSecret.applies?.(expected), false);
    for (const check of [credentialWorks, credentialLife, credentialCount, credentialGrants]) {
      assert.equal(check.applies?.(expected), true, check.id);
      assert.deepEqual(await findings(check, changes), []);
    }
  });

  it("is in cert-manager's Secret under HTTP-01, otherwise in the pod's", async () => {
    const asked: string[] = [];
    const secrets = {
      secret: () => {
        asked.push("pod");
        return Promise.resolve({ name: "secret", entries: { CF_DNS_API_TOKEN: token } });
      },
      wildcard: () => {
        asked.push("cert-manager");
        return Promise.resolve({ "api-token": token });
      },
    };
    const access = await cloudAccess("prod", [], {}, () => Promise.resolve(undefined));
    const of = (changes: Changes) =>
      deployedCredential(context(changes).expected, secrets, access)();
    assert.equal(await of({}), undefined);
    assert(await of({ expected: { wildcard } }));
    assert(await of({ challenge, expected: { wildcard } }));
    assert.deepEqual(asked, ["cert-manager", "pod"]);
  });

  it("names the project of the wildcard certificate's credential under HTTP-01", async () => {
    const managedZone = { project: "p", zone: "z" };
    const credential = { ...wildcard.credential, dnsProvider: "googleCloud", managedZone } as const;
    const [finding] = await findings(credentialGrants, {
      expected: { wildcard: { ...wildcard, credential } },
      credential: { excess: () => Promise.resolve(["write all zones"]) },
    });
    assert.match(finding?.command ?? "", /^gcloud projects get-iam-policy p /);
  });

  it("detects a Secret that is missing, empty, malformed or different", async () => {
    assert.deepEqual(await ids(credentialSecret, withSecret(undefined)), ["secret-missing"]);
    const [other] = await findings(credentialSecret, withSecret({ token }));
    assert.equal(other?.seen, "entries token");
    const malformed = withSecret({ CF_DNS_API_TOKEN: `${token}\n` });
    assert.deepEqual(await ids(credentialSecret, malformed), ["secret-malformed"]);
    const another = withSecret({ CF_DNS_API_TOKEN: "u".repeat(40) });
    assert.deepEqual(await ids(credentialSecret, another), ["secret-another"]);
  });

  it("detects that the pod uses another credential", async () => {
    const pod = () => Promise.resolve({ metadata: { annotations: {} } });
    const cluster = { ...healthy.cluster, pod };
    assert.deepEqual(await ids(credentialSecret, { ...healthy, cluster }), [
      "credential-not-in-use",
    ]);
  });

  it("recognizes a key file by its parts, without showing them", () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = {
      type: "service_account",
      client_email: "a@example.iam.gserviceaccount.com",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    };
    assert.equal(credentialDefect.googleCloud(JSON.stringify(key)), undefined);
    const { client_email, ...rest } = key;
    assert.match(client_email, /@/);
    assert.equal(
      credentialDefect.googleCloud(JSON.stringify(rest)),
      "not a service account's key file (wrong: client_email)",
    );
    assert.equal(
      credentialDefect.googleCloud(JSON.stringify({ ...key, private_key: "SENTINEL" })),
      "not a service account's key file (wrong: private_key)",
    );
    for (const [field, value, wrong] of [
      ["client_email", "x$(touch SENTINEL)", "client_email is not an e-mail address"],
      ["private_key_id", "$(touch SENTINEL)", "private_key_id is not a hexadecimal number"],
      [
        "token_uri",
        "https://SENTINEL.test/token",
        "token_uri is not an https address at googleapis.com",
      ],
    ] as const) {
      assert.equal(
        credentialDefect.googleCloud(JSON.stringify({ ...key, [field]: value })),
        `not a service account's key file (wrong: ${wrong})`,
      );
    }
    assert.equal(
      credentialDefect.googleCloud("SENTINEL"),
      "not a service account's key file (wrong: JSON)",
    );
    assert.equal(credentialDefect.cloudflare(" "), "empty");
  });

  it("reports what a credential lacks, and writes only on request", async () => {
    const lack = { expected: "Zone Read", seen: "no zone" };
    const lacking = { ...healthy, credential: { lacks: () => Promise.resolve([lack]) } };
    const [finding] = await findings(credentialWorks, lacking);
    assert.equal(finding?.id, "credential-lacking");
    assert.equal(finding.seen, "no zone");

    const failing = { ...healthy, credential: { prove: () => Promise.resolve("no DNS Write") } };
    assert.deepEqual(await ids(credentialWorks, failing), []);
    const [unproven] = await findings(credentialWorks, { ...failing, prove: true });
    assert.equal(unproven?.id, "credential-unproven");
    assert.equal(unproven.seen, "no DNS Write");
  });

  it("checks age and expiry", async () => {
    const of = (createdAt: number, expiresAt?: number) =>
      ids(credentialLife, {
        ...healthy,
        credential: {
          life: () =>
            Promise.resolve({
              createdAt: daysFromNow(-createdAt).toISOString(),
              ...(expiresAt !== undefined && { expiresAt: daysFromNow(expiresAt).toISOString() }),
            }),
        },
      });
    assert.deepEqual(await of(89), []);
    assert.deepEqual(await of(90), ["credential-old"]);
    assert.deepEqual(await of(1, 15), []);
    assert.deepEqual(await of(1, 13), ["credential-ending"]);
    assert.deepEqual(await of(1, -1), ["credential-ended"]);
  });

  it("uses the stack's day of rotation, and gives the command", async () => {
    const created: CreatedCredential = {
      id: "id",
      owner: "owner",
      accountId: undefined,
      createdAt: daysFromNow(-20).toISOString(),
      expiresAt: undefined,
      rotateBy: "2026-11-19",
      wholeProject: false,
    };
    const credential = { life: () => Promise.resolve({}) };
    const [old] = await findings(credentialLife, { ...healthy, credential, expected: { created } });
    assert.equal(old?.id, "credential-old");
    assert.match(old.command ?? "", /^pulumi up -s \S+ --replace '\*\*::dns-(key|token)'$/);
    assert.match(old.expected ?? "", /2026-11-19/);
    await assert.rejects(credentialLife.run(context({ ...healthy, credential })), NotAvailable);
  });

  it("detects spare credentials and permissions that no challenge needs", async () => {
    const spare = { count: () => Promise.resolve({ count: 2, what: "keys of x" }) };
    const [finding] = await findings(credentialCount, { ...healthy, credential: spare });
    assert.equal(finding?.seen, "2 keys of x");
    const wide = { excess: () => Promise.resolve(["read the zone other.test", "use DNS Read"]) };
    const found = await findings(credentialGrants, { ...healthy, credential: wide });
    assert.deepEqual(
      found.map(({ id, seen }) => [id, seen]),
      [
        ["credential-wide", "it can read the zone other.test"],
        ["credential-wide", "it can use DNS Read"],
      ],
    );
  });

  it("reports a key that Workload Identity could replace, on GKE", async () => {
    const googleCloud: Changes = {
      challenge: { ...challenge, dnsProvider: "googleCloud" },
    };
    assert.equal(workloadIdentity.applies?.(context(healthy).expected), false);
    assert.equal(workloadIdentity.applies?.(context(googleCloud).expected), true);
    assert.deepEqual(await ids(workloadIdentity, googleCloud), []);
    const onGke = { ...googleCloud, cluster: { onGke: () => Promise.resolve(true) } };
    const [avoidable] = await findings(workloadIdentity, onGke);
    assert.equal(avoidable?.id, "credential-avoidable");
    assert.match(avoidable.why ?? "", /roles\/dns\.admin.*roles\/iam\.workloadIdentityUser/);
    const change =
      "pulumi config set -s prod --path dns.workloadIdentity 'SERVICE_ACCOUNT' && pulumi up -s prod";
    // A provided key excludes Workload Identity.
    assert.equal(
      avoidable.command,
      `pulumi config rm -s prod --path dns.serviceAccountKey && ${change}`,
    );
    const created = { id: "key" } as CreatedCredential;
    const [ofMade] = await findings(workloadIdentity, { ...onGke, expected: { created } });
    assert.equal(ofMade?.command, change);
  });

  it("cannot check a Secret without a credential", async () => {
    const none = { ...context(healthy), credential: () => Promise.resolve(undefined) };
    await assert.rejects(credentialWorks.run(none), NotAvailable);
  });
});
