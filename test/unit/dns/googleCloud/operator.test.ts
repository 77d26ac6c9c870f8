import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { gcpMetadata } from "google-auth-library";
import type { GoogleCloudAccess } from "../../../../dns/access.ts";
import { serviceAccountKeys } from "../../../../dns/googleCloud/keys.ts";
import { operatorMember } from "../../../../dns/googleCloud/operator.ts";
import {
  defaultDnsRole,
  operatorPermissions,
  stepNeeds,
  type CredentialStep,
  challengePermissions,
} from "../../../../dns/googleCloud/permissions.ts";
import { credentialObstacles } from "../../../../dns/googleCloud/preconditions.ts";
import { refusalInMessage, refusalText } from "../../../../dns/googleCloud/refusal.ts";
import { organization } from "../../../../sandbox/emulators/google/organization.ts";
import { Clouds, PROJECT_ID, ZONE, zonePath } from "../../../../sandbox/test/emulators/support.ts";

/** The file of `gcloud auth application-default login --impersonate-service-account`. */
function impersonated(
  source: object,
  endpoint = "https://iamcredentials.googleapis.com",
  account = "a@b",
) {
  return {
    type: "impersonated_service_account",
    source_credentials: source,
    service_account_impersonation_url: `${endpoint}/v1/projects/-/serviceAccounts/${account}:generateAccessToken`,
  };
}

describe("the operator's identity at Google", () => {
  let clouds: Clouds;
  let directory: string;
  let listings = 0;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
    directory = mkdtempSync(join(tmpdir(), "operator-"));
  });
  afterEach(async () => {
    rmSync(directory, { recursive: true, force: true });
    await clouds.close();
  });

  function endpoints(): GoogleCloudAccess {
    const { googleUrl } = clouds.running;
    return {
      iamEndpoint: `${googleUrl}/v1/`,
      iamCredentialsEndpoint: `${googleUrl}/v1/`,
      resourceManagerEndpoint: `${googleUrl}/v1/`,
      orgPolicyEndpoint: `${googleUrl}/v2/`,
      dnsEndpoint: `${googleUrl}/dns/v1/`,
    };
  }

  function file(content: object): string {
    const path = join(directory, "credentials.json");
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  /** Lists the keys of an account, and returns the identity and the quota project of the call. */
  async function listing(access: GoogleCloudAccess) {
    const account = await clouds.account(`listed-${(listings += 1)}`);
    await clouds.control("google", "DELETE", "calls");
    await serviceAccountKeys(account, { ...endpoints(), ...access }).list();
    const { body } = await clouds.control("google", "GET", "calls");
    const { calls } = body as unknown as {
      readonly calls: readonly { path: string; who: string; quotaProject?: string }[];
    };
    const call = calls.find(({ path }) => path.endsWith("/keys"));
    return { who: call?.who, quotaProject: call?.quotaProject };
  }

  const operator = "operator@sandbox.invalid";

  it("is that of the access token, also from a file", async () => {
    const { googleAdminToken: accessToken } = clouds.running;
    assert.equal((await listing({ accessToken })).who, operator);
  });

  it("is that of a service account's key, as content and as a file", async () => {
    const key = await clouds.keyWith("roles/owner", `/v1/projects/${PROJECT_ID}`);
    const { who } = await listing({ credentials: JSON.stringify(key) });
    assert.equal(who, key.client_email);
  });

  it("is refused, without a request, from a file that would send its credential elsewhere", async () => {
    const asked: string[] = [];
    // Every request to another machine would go through this proxy.
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end("{}");
    })
      .on("connect", ({ url = "" }, socket) => {
        asked.push(url);
        socket.destroy();
      })
      .listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const { port } = proxy.address() as AddressInfo;
    const { HTTP_PROXY, HTTPS_PROXY } = process.env;
    process.env.HTTP_PROXY = process.env.HTTPS_PROXY = `http://127.0.0.1:${port}`;
    const key = await clouds.keyWith("roles/owner", `/v1/projects/${PROJECT_ID}`);
    const user = {
      type: "authorized_user",
      client_id: "i",
      client_secret: "s",
      refresh_token: "r",
    };
    const external = {
      type: "external_account",
      audience: "//a",
      credential_source: { file: "/" },
    };
    try {
      for (const [credentials, field] of [
        [{ ...key, token_uri: `http://other.test/token` }, "token_uri"],
        [{ ...key, token_uri: "https://googleapis.com.other.test/token" }, "token_uri"],
        [{ ...key, token_uri: "https://oauth2.googleapis.com@other.test/token" }, "token_uri"],
        [{ ...key, token_uri: "http://oauth2.googleapis.com/token" }, "token_uri"],
        [{ ...user, token_uri: "https://other.test/token" }, "token_uri"],
        [{ ...external, token_url: "https://other.test/v1/token" }, "token_url"],
        [
          impersonated(user, "https://iamcredentials.other.test"),
          "service_account_impersonation_url",
        ],
        [impersonated({ ...user, token_uri: "https://other.test/token" }), "token_uri"],
      ] as const) {
        await assert.rejects(
          listing({ credentials: JSON.stringify(credentials) }),
          (error) =>
            error instanceof Error &&
            error.name !== "GaxiosError" &&
            error.message.includes(`(wrong: ${field} is not an https address at googleapis.com)`) &&
            !error.message.includes("other.test"),
        );
      }
    } finally {
      proxy.close();
      delete process.env.HTTP_PROXY;
      delete process.env.HTTPS_PROXY;
      Object.assign(
        process.env,
        HTTP_PROXY !== undefined && { HTTP_PROXY },
        HTTPS_PROXY !== undefined && { HTTPS_PROXY },
      );
    }
    assert.deepEqual(asked, []);
  });

  it("is a user with the quota project of the credentials file, unless another one is set", async () => {
    const credentials = file({
      type: "authorized_user",
      client_id: "id",
      client_secret: "secret",
      refresh_token: clouds.running.googleAdminToken,
      quota_project_id: PROJECT_ID,
      token_uri: `${clouds.running.googleUrl}/token`,
    });
    assert.deepEqual(await listing({ credentials }), { who: operator, quotaProject: PROJECT_ID });
  });

  describe("from the file of a login that impersonates a service account", () => {
    const user = () => ({
      type: "authorized_user",
      client_id: "id",
      client_secret: "secret",
      refresh_token: clouds.running.googleAdminToken,
      token_uri: `${clouds.running.googleUrl}/token`,
    });
    const owner = () => clouds.keyWith("roles/owner", `/v1/projects/${PROJECT_ID}`);

    it("is that account, at the address in the file, also with a key and with delegates", async () => {
      const { googleUrl } = clouds.running;
      const target = (await owner()).client_email;
      const byUser = impersonated(user(), googleUrl, target);
      assert.equal((await listing({ credentials: file(byUser) })).who, target);
      const key = await clouds.keyWith();
      const between = await clouds.account("between");
      const byKey = {
        ...impersonated(key, googleUrl, target),
        delegates: [`projects/-/serviceAccounts/${between}`],
        quota_project_id: PROJECT_ID,
      };
      const credentials = JSON.stringify(byKey);
      await assert.rejects(listing({ credentials }), new RegExp(`you may not act as ${target}`));
      await grantTokenCreator(between, key.client_email);
      await grantTokenCreator(target, between);
      assert.deepEqual(await listing({ credentials }), { who: target, quotaProject: PROJECT_ID });
    });

    it("is refused where a field of the file is missing", async () => {
      const { googleUrl } = clouds.running;
      for (const [credentials, wrong] of [
        [
          { ...impersonated(user(), googleUrl), source_credentials: undefined },
          "source_credentials",
        ],
        [
          { ...impersonated(user()), service_account_impersonation_url: googleUrl },
          "service_account_impersonation_url",
        ],
      ] as const) {
        await assert.rejects(
          listing({ credentials: JSON.stringify(credentials) }),
          new RegExp(`is unusable \\(wrong: ${wrong}\\)`),
        );
      }
    });
  });

  it("is the account that is impersonated through delegates", async () => {
    const key = await clouds.keyWith();
    const between = await clouds.account("in-between");
    const { client_email: target } = await clouds.keyWith(
      "roles/owner",
      `/v1/projects/${PROJECT_ID}`,
    );
    const access = {
      credentials: JSON.stringify(key),
      impersonateServiceAccount: target,
      impersonateServiceAccountDelegates: [between],
    };
    await grantTokenCreator(between, key.client_email);
    await assert.rejects(listing(access), new RegExp(`you may not act as ${target}`));
    await grantTokenCreator(target, between);
    assert.equal((await listing(access)).who, target);
  });

  async function grantTokenCreator(account: string, member: string): Promise<void> {
    await clouds.google("POST", `/v1/projects/-/serviceAccounts/${account}:setIamPolicy`, {
      policy: {
        bindings: [
          { role: "roles/iam.serviceAccountTokenCreator", members: [`serviceAccount:${member}`] },
        ],
      },
    });
  }

  describe("from an identity of another provider", () => {
    const pool = "projects/1/locations/global/workloadIdentityPools/p";
    const audience = `//iam.googleapis.com/${pool}/providers/p`;
    const principal = `principal://iam.googleapis.com/${pool}/subject/me`;

    /** Writes an external_account file. */
    function externalAccount(more: object = {}, token = "token-of-the-other-provider"): string {
      const subject = join(directory, "subject");
      writeFileSync(subject, token);
      return file({
        type: "external_account",
        audience,
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        token_url: `${clouds.running.googleUrl}/v1/token`,
        credential_source: { file: subject },
        ...more,
      });
    }

    beforeEach(async () => {
      const identity = { audience, principal, token: "token-of-the-other-provider" };
      await clouds.control("google", "POST", "seed", { workloadIdentities: [identity] });
    });

    it("is that identity, with its own grants", async () => {
      const credentials = externalAccount();
      await assert.rejects(listing({ credentials }), /Google responds with 403/);
      const path = `/v1/projects/${PROJECT_ID}`;
      const bindings = [{ role: "roles/owner", members: [principal] }];
      await clouds.google("POST", `${path}:setIamPolicy`, { policy: { bindings } });
      assert.equal((await listing({ credentials })).who, principal);
    });

    it("is the account that the file impersonates, if that account allows it", async () => {
      const { client_email: email } = await clouds.keyWith(
        "roles/owner",
        `/v1/projects/${PROJECT_ID}`,
      );
      const account = `projects/-/serviceAccounts/${email}`;
      const credentials = externalAccount({
        service_account_impersonation_url: `${clouds.running.googleUrl}/v1/${account}:generateAccessToken`,
      });
      await assert.rejects(listing({ credentials }), new RegExp(`you may not act as ${email}`));
      await clouds.google("POST", `/v1/${account}:setIamPolicy`, {
        policy: { bindings: [{ role: "roles/iam.workloadIdentityUser", members: [principal] }] },
      });
      assert.equal((await listing({ credentials })).who, email);
    });

    it("is refused with another token, or for another pool", async () => {
      for (const credentials of [
        externalAccount({}, "token-of-nobody"),
        externalAccount({ audience: `${audience}-other` }),
      ]) {
        await assert.rejects(
          listing({ credentials }),
          /rejects the token of the other identity provider \(invalid grant\)/,
        );
      }
    });
  });

  describe("without settings of the plugin", () => {
    const names = ["HOME", "GCE_METADATA_HOST", "GOOGLE_APPLICATION_CREDENTIALS", "HTTP_PROXY"];
    const before = names.map((name) => [name, process.env[name]] as const);
    let machine: string;

    beforeEach(async () => {
      gcpMetadata.resetIsAvailableCache();
      machine = (await clouds.keyWith("roles/owner", `/v1/projects/${PROJECT_ID}`)).client_email;
      await clouds.control("google", "PATCH", "settings", { metadataAccount: machine });
      delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
      process.env.HOME = directory;
      process.env.GCE_METADATA_HOST = new URL(clouds.running.googleUrl).host;
    });
    afterEach(() => {
      gcpMetadata.resetIsAvailableCache();
      for (const [name, value] of before) {
        delete process.env[name];
        Object.assign(process.env, value === undefined ? {} : { [name]: value });
      }
    });

    it("is the service account of the machine, which is not requested through a proxy", async () => {
      assert.equal((await listing({})).who, machine);
      // Not a loopback address, which never uses a proxy.
      process.env.GCE_METADATA_HOST = `0.0.0.0:${new URL(clouds.running.googleUrl).port}`;
      process.env.HTTP_PROXY = "http://127.0.0.1:9";
      assert.equal((await listing({})).who, machine);
    });

    it("is the account that the machine's account impersonates", async () => {
      const other = await clouds.keyWith("roles/owner", `/v1/projects/${PROJECT_ID}`);
      const { client_email: impersonateServiceAccount } = other;
      const listed = listing({ impersonateServiceAccount });
      await assert.rejects(listed, /you may not act as/);
      await clouds.grant(machine, "roles/iam.serviceAccountTokenCreator");
      assert.equal((await listing({ impersonateServiceAccount })).who, impersonateServiceAccount);
    });

    it("comes first from the variable's file, then from gcloud's login", async () => {
      const key = await clouds.keyWith("roles/owner", `/v1/projects/${PROJECT_ID}`);
      const user = {
        type: "authorized_user",
        client_id: "id",
        client_secret: "secret",
        refresh_token: clouds.running.googleAdminToken,
        token_uri: `${clouds.running.googleUrl}/token`,
      };
      mkdirSync(join(directory, ".config/gcloud"), { recursive: true });
      const login = join(directory, ".config/gcloud/application_default_credentials.json");
      writeFileSync(login, JSON.stringify(user));
      assert.equal((await listing({})).who, operator);
      process.env.GOOGLE_APPLICATION_CREDENTIALS = file(key);
      assert.equal((await listing({})).who, key.client_email);
    });

    it("causes an error for a wrong file, and for a machine without an account", async () => {
      process.env.GOOGLE_APPLICATION_CREDENTIALS = join(directory, "missing.json");
      await assert.rejects(
        listing({}),
        /The value of GOOGLE_APPLICATION_CREDENTIALS is neither [^]*unset GOOGLE_APPLICATION_CREDENTIALS && gcloud auth/,
      );
      delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
      await clouds.control("google", "PATCH", "settings", { metadataAccount: "" });
      await assert.rejects(listing({}), /No credentials loaded/);
    });
  });

  it("is the impersonated account, and calls count against the configured quota project", async () => {
    const { client_email: account } = await clouds.keyWith(
      "roles/owner",
      `/v1/projects/${PROJECT_ID}`,
    );
    const seen = await listing({
      accessToken: clouds.running.googleAdminToken,
      impersonateServiceAccount: account,
      quotaProject: PROJECT_ID,
    });
    assert.deepEqual(seen, { who: account, quotaProject: PROJECT_ID });
  });

  it("may not impersonate an account without the role, and the error names the role", async () => {
    const key = await clouds.keyWith();
    const access = {
      ...endpoints(),
      credentials: JSON.stringify(key),
      impersonateServiceAccount: await clouds.account("target"),
    };
    await assert.rejects(serviceAccountKeys("a@b", access).list(), (error: unknown) => {
      assert(error instanceof RunError);
      assert.match(
        error.message,
        /you may not act as target@.*roles\/iam\.serviceAccountTokenCreator/,
      );
      return true;
    });
  });

  it("does not show malformed credentials", async () => {
    for (const credentials of ["SENTINEL", "{SENTINEL", '"SENTINEL"']) {
      await assert.rejects(
        serviceAccountKeys("a@b", { ...endpoints(), credentials }).list(),
        (error: unknown) => {
          assert(error instanceof RunError);
          assert.match(error.message, /neither the path of a credentials file nor its JSON/);
          assert.doesNotMatch(error.message, /SENTINEL/);
          return true;
        },
      );
    }
  });

  describe("before the creation of a key", () => {
    const obstacles = (grant: "zone" | "project" = "zone") =>
      credentialObstacles(
        {
          project: PROJECT_ID,
          zone: ZONE,
          role: defaultDnsRole,
          steps: ["account", grant === "zone" ? "zoneGrant" : "projectGrant", "key"],
        },
        { ...endpoints(), accessToken: clouds.running.googleAdminToken },
      );
    const set = (settings: object) => clouds.control("google", "PATCH", "settings", settings);

    it("finds no obstacle where there is none", async () => {
      assert.deepEqual(await obstacles("project"), []);
    });

    for (const constraint of [
      "iam.disableServiceAccountKeyCreation",
      "iam.managed.disableServiceAccountKeyCreation",
    ]) {
      it(`finds the constraint ${constraint}`, async () => {
        await set({ enforcedConstraints: [constraint] });
        assert.deepEqual(await obstacles(), [{ kind: "constraint", constraint }]);
      });
    }

    it("finds the older constraint also without the Organization Policy API", async () => {
      const constraint = "iam.disableServiceAccountKeyCreation";
      await set({
        enforcedConstraints: [constraint],
        disabledServices: ["orgpolicy.googleapis.com"],
      });
      assert.deepEqual(await obstacles(), [{ kind: "constraint", constraint }]);
    });

    const sharing = "iam.allowedPolicyMemberDomains";
    const { customer, id } = organization;
    for (const disabledServices of [[], ["orgpolicy.googleapis.com"]]) {
      const api = disabledServices.length === 0 ? "" : ", without the Organization Policy API, too";
      it(`finds that only other identities may be granted roles${api}`, async () => {
        for (const [allowedMemberDomains, forbidden] of [
          [["C0other11"], true],
          [["is:C0other11", "principalSet://iam.googleapis.com/organizations/7"], true],
          [["C0other11", customer], false],
          [[`is:${customer}`], false],
          [["C0other11", `principalSet://iam.googleapis.com/organizations/${id}`], false],
          // It is unknown which identities this covers.
          [["principalSet://iam.googleapis.com/projects/7"], false],
          [[], false],
        ] as const) {
          await set({ allowedMemberDomains, disabledServices });
          assert.deepEqual(
            await obstacles(),
            forbidden ? [{ kind: "constraint", constraint: sharing }] : [],
            String(allowedMemberDomains),
          );
        }
      });
    }

    it("leaves a restriction of roles to the attempt, where the policy may not be read", async () => {
      await set({ allowedMemberDomains: ["C0other11"], policyReadable: false });
      assert.deepEqual(await obstacles(), []);
    });

    it("leaves to the attempt what may not be read", async () => {
      await set({
        enforcedConstraints: ["iam.disableServiceAccountKeyCreation"],
        policyReadable: false,
      });
      assert.deepEqual(await obstacles(), []);
    });

    it("finds the APIs that are not enabled, Resource Manager only where it is needed", async () => {
      await set({ disabledServices: ["cloudresourcemanager.googleapis.com"] });
      assert.deepEqual(await obstacles("zone"), []);
      const [refusal, ...others] = await obstacles("project");
      assert.deepEqual(others, []);
      assert.equal(
        refusal?.kind === "service disabled" && refusal.service,
        "cloudresourcemanager.googleapis.com",
      );
      await set({ disabledServices: ["iam.googleapis.com"] });
      assert.deepEqual(
        (await obstacles()).map((found) => found.kind === "service disabled" && found.service),
        ["iam.googleapis.com"],
      );
    });
  });

  describe("before the creation of a credential", () => {
    const plan = {
      project: PROJECT_ID,
      zone: ZONE,
      role: defaultDnsRole,
      steps: ["account", "zoneGrant", "key"],
    } as const;

    const obstaclesOf = async (more: object, ...roles: readonly string[]) => {
      const key = await clouds.keyWith();
      for (const role of roles) {
        await clouds.grant(key.client_email, role);
      }
      const access = { ...endpoints(), credentials: JSON.stringify(key) };
      return credentialObstacles({ ...plan, ...more }, access);
    };
    const accountRoles = ["roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountKeyAdmin"];

    it("lacks setIamPolicy with roles/dns.admin, and nothing with the documented permissions", async () => {
      assert.deepEqual(await obstaclesOf({}, ...accountRoles, "roles/dns.admin"), [
        {
          kind: "permissions",
          step: "zoneGrant",
          missing: ["dns.managedZones.setIamPolicy"],
          isForeseen: true,
        },
      ]);
      const custom = await clouds.role("akashZoneGrants", stepNeeds.zoneGrant.permissions);
      for (const granting of ["roles/iam.securityAdmin", custom]) {
        assert.deepEqual(await obstaclesOf({}, ...accountRoles, "roles/dns.reader", granting), []);
      }
      const one = await clouds.role("akashOperator", operatorPermissions);
      assert.deepEqual(await obstaclesOf({}, one), []);
    });

    for (const [step, { permissions }] of Object.entries(stepNeeds)) {
      for (const missing of permissions) {
        it(`lacks ${missing}`, async () => {
          const others = [...operatorPermissions, ...stepNeeds.projectGrant.permissions].filter(
            (permission) => permission !== missing,
          );
          const role = await clouds.role("less", others);
          const steps = ["account", "zoneGrant", "projectGrant", "key"];
          assert.deepEqual(await obstaclesOf({ steps }, role), [
            { kind: "permissions", step, missing: [missing], isForeseen: true },
          ]);
        });
      }
    }

    it("has the permissions that are granted only on the zone or the account", async () => {
      const key = await clouds.keyWith();
      const zoneRole = await clouds.role("zoneRole", stepNeeds.zoneGrant.permissions);
      await clouds.grant(key.client_email, zoneRole, zonePath());
      const account = await clouds.account("made-before");
      const accountPath = `/v1/projects/${PROJECT_ID}/serviceAccounts/${account}`;
      await clouds.grant(key.client_email, "roles/iam.serviceAccountKeyAdmin", accountPath);
      const access = { ...endpoints(), credentials: JSON.stringify(key) };
      const steps = ["zoneGrant", "key"] as const;
      assert.deepEqual(await credentialObstacles({ ...plan, steps, account }, access), []);
      const [lack, ...others] = await credentialObstacles({ ...plan, steps }, access);
      assert.equal(lack?.kind === "permissions" && lack.step, "key");
      assert.deepEqual(others, []);
    });

    it("leaves to the attempt what Google does not report", async () => {
      await clouds.control("google", "PATCH", "settings", {
        disabledServices: ["cloudresourcemanager.googleapis.com"],
      });
      const fault = { match: ":testIamPermissions$", status: 500, times: 9 };
      await clouds.control("google", "POST", "faults", fault);
      assert.deepEqual(await obstaclesOf({}), []);
    });

    it("finds a role that does not exist, or lacks permissions for a challenge", async () => {
      const role = await clouds.role("challenge", challengePermissions.slice(1));
      const found = (role: string) => obstaclesOf({ role }, "roles/owner");
      assert.deepEqual(await found(role), [
        { kind: "role", role, isThere: true, missing: [challengePermissions[0]] },
      ]);
      const [nowhere] = await found(`projects/${PROJECT_ID}/roles/nowhere`);
      assert.equal(nowhere?.kind === "role" && nowhere.isThere, false);
      const [reader] = await found("roles/dns.reader");
      assert.equal(reader?.kind === "role" && reader.missing.includes("dns.changes.create"), true);
      assert.deepEqual(await found(await clouds.role("enough", challengePermissions)), []);
    });

    it("gets each obstacle with the commands that fix it", () => {
      const place = { project: PROJECT_ID, stack: "my stack", zone: ZONE, account: "a@b" };
      const text = (refusal: Parameters<typeof refusalText>[0], member?: string) =>
        refusalText(refusal, { ...place, member });
      const lack = (step: CredentialStep) =>
        ({
          kind: "permissions",
          step,
          missing: stepNeeds[step].permissions,
          isForeseen: true,
        }) as const;
      const zone = text(lack("zoneGrant"), "serviceAccount:o@p.iam.gserviceaccount.com");
      assert.match(
        zone,
        new RegExp(
          `lacks dns\\.managedZones\\.getIamPolicy and dns\\.managedZones\\.setIamPolicy on the managed zone ${ZONE} of project ${PROJECT_ID}`,
        ),
      );
      const binding = `gcloud projects add-iam-policy-binding ${PROJECT_ID} --role=`;
      const member = "--member=serviceAccount:o@p.iam.gserviceaccount.com --condition=None";
      for (const command of [
        `gcloud iam roles create akashZoneGrants --project=${PROJECT_ID} --title='Grants on DNS zones' --permissions=dns.managedZones.getIamPolicy,dns.managedZones.setIamPolicy && ${binding}projects/${PROJECT_ID}/roles/akashZoneGrants ${member}`,
        `${binding}roles/iam.securityAdmin ${member}`,
      ]) {
        assert(zone.includes(`\n      ${command}`), `${command}\n${zone}`);
      }
      const you = '--member="user:$(gcloud config get-value account)" --condition=None';
      for (const [step, role] of [
        ["account", "roles/iam.serviceAccountAdmin"],
        ["key", "roles/iam.serviceAccountKeyAdmin"],
        ["projectGrant", "roles/resourcemanager.projectIamAdmin"],
      ] as const) {
        assert(text(lack(step)).endsWith(`\n      ${binding}${role} ${you}`), text(lack(step)));
      }
      const role = (name: string, isThere: boolean) =>
        text({ kind: "role", role: name, isThere, missing: ["dns.changes.get"] });
      assert.match(
        role(`projects/${PROJECT_ID}/roles/mine`, true),
        new RegExp(
          `\n +gcloud iam roles update mine --project=${PROJECT_ID} --add-permissions=dns\\.changes\\.get$`,
        ),
      );
      assert.match(
        role("organizations/12/roles/mine", true),
        /\n +gcloud iam roles update mine --organization=12 --add-permissions=dns\.changes\.get$/,
      );
      assert.match(
        role("roles/dns.reader", true),
        /\n +pulumi config rm -s 'my stack' --path dns\.role$/,
      );
      assert.match(
        role("roles/nothing", false),
        /does not exist at Google[^]*gcloud iam roles list --project=/,
      );
    });

    it("is a service account with a known address, else a user", () => {
      const address = "o@p.iam.gserviceaccount.com";
      const member = `serviceAccount:${address}`;
      assert.equal(operatorMember({ impersonateServiceAccount: address }), member);
      assert.equal(
        operatorMember({ credentials: JSON.stringify({ client_email: address }) }),
        member,
      );
      const acting = impersonated({ client_email: "other@p" }, undefined, address);
      assert.equal(operatorMember({ credentials: JSON.stringify(acting) }), member);
      for (const access of [
        {},
        { accessToken: "ya29.x" },
        { credentials: "{" },
        { credentials: JSON.stringify({ client_email: "a b$(x)@c" }) },
        { credentials: JSON.stringify({ type: "authorized_user" }) },
      ]) {
        assert.equal(operatorMember(access), undefined);
      }
    });
  });

  describe("after a refusal", () => {
    const place = { project: PROJECT_ID, stack: "prod" };

    it("gets the constraint, and every alternative", () => {
      const refusal = refusalInMessage(
        "googleapi: Error 400: Key creation is not allowed on this service account., failedPrecondition",
      );
      assert(refusal !== undefined);
      const text = refusalText(refusal, place);
      for (const part of [
        "iam.disableServiceAccountKeyCreation",
        "pulumi config set -s prod --path dns.workloadIdentity",
        "gcloud org-policies set-policy /dev/stdin",
        "pulumi config set -s prod --path --secret dns.serviceAccountKey",
        "pulumi config set -s prod --path dns.provider cloudflare",
        "pulumi config rm -s prod dns && pulumi config set -s prod challenge http-01",
      ]) {
        assert(text.includes(part), part);
      }
    });

    it("gets the API and the command that enables it", async () => {
      await clouds.control("google", "PATCH", "settings", {
        disabledServices: ["dns.googleapis.com"],
      });
      const { body } = await clouds.google("GET", `/dns/v1/projects/${PROJECT_ID}/managedZones`);
      const { message } = (body as unknown as { readonly error: { readonly message: string } })
        .error;
      const refusal = refusalInMessage(`googleapi: Error 403: ${message}`);
      assert(refusal !== undefined);
      assert.match(
        refusalText(refusal, place),
        /gcloud services enable dns\.googleapis\.com --project=\d+$/,
      );
    });

    it("gets domain-restricted sharing by the constraint's name", () => {
      const refusal = refusalInMessage(
        "googleapi: Error 400: One or more users named in the policy do not belong to a permitted customer., failedPrecondition",
      );
      assert.deepEqual(refusal, {
        kind: "constraint",
        constraint: "iam.allowedPolicyMemberDomains",
      });
    });

    it("gets no explanation where Google's message is about something else", () => {
      assert.equal(refusalInMessage("googleapi: Error 500: Internal error"), undefined);
    });
  });
});
