import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import type { GoogleCloudAccess } from "../../../../dns/access.ts";
import { serviceAccountKeys } from "../../../../dns/googleCloud/keys.ts";
import { keyObstacles } from "../../../../dns/googleCloud/preconditions.ts";
import { refusalInWords, refusalText } from "../../../../dns/googleCloud/refusal.ts";
import { Clouds, PROJECT } from "../../../../sandbox/test/emulators/support.ts";

describe("Google as the operator", () => {
  let clouds: Clouds;
  let directory: string;

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
    };
  }

  function file(content: object): string {
    const path = join(directory, "credentials.json");
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  /** Lists the keys of an account, and tells who did so and for which project it is counted. */
  async function listing(access: GoogleCloudAccess) {
    const account = await clouds.account("listed");
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

  it("is who has the access token, also where it is in a file", async () => {
    const { googleAdminToken: accessToken } = clouds.running;
    assert.equal((await listing({ accessToken })).who, operator);
  });

  it("is a service account's key, as content and as a file", async () => {
    const key = await clouds.keyWith("roles/owner", `/v1/projects/${PROJECT}`);
    const { who } = await listing({ credentials: JSON.stringify(key) });
    assert.equal(who, key.client_email);
  });

  it("is nobody by a file that would send its credential elsewhere, and is not asked for", async () => {
    const asked: string[] = [];
    // Whatever leaves this machine would go through it.
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
    const key = await clouds.keyWith("roles/owner", `/v1/projects/${PROJECT}`);
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
      ] as const) {
        await assert.rejects(
          listing({ credentials: JSON.stringify(credentials) }),
          (error) =>
            error instanceof Error &&
            error.name !== "GaxiosError" &&
            error.message.includes(`(wrong: ${field} is no https address at googleapis.com)`) &&
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

  it("is a user with the quota project of the credentials file, unless another one is said", async () => {
    const credentials = file({
      type: "authorized_user",
      client_id: "id",
      client_secret: "secret",
      refresh_token: clouds.running.googleAdminToken,
      quota_project_id: PROJECT,
      token_uri: `${clouds.running.googleUrl}/token`,
    });
    assert.deepEqual(await listing({ credentials }), { who: operator, quotaProject: PROJECT });
  });

  it("is an identity of another provider, by an external_account file", async () => {
    const subject = join(directory, "subject");
    writeFileSync(subject, clouds.running.googleAdminToken);
    const credentials = file({
      type: "external_account",
      audience:
        "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${clouds.running.googleUrl}/v1/token`,
      credential_source: { file: subject },
    });
    assert.equal((await listing({ credentials })).who, operator);
  });

  it("is the account that is impersonated, and calls are counted for the project that is said", async () => {
    const { client_email: account } = await clouds.keyWith(
      "roles/owner",
      `/v1/projects/${PROJECT}`,
    );
    const seen = await listing({
      accessToken: clouds.running.googleAdminToken,
      impersonateServiceAccount: account,
      quotaProject: PROJECT,
    });
    assert.deepEqual(seen, { who: account, quotaProject: PROJECT });
  });

  it("may not act as an account without the role for it, which is told by its name", async () => {
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

  it("shows nothing of what should be credentials and is not", async () => {
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

  describe("before it makes a key", () => {
    const obstacles = (grant: "zone" | "project" = "zone") =>
      keyObstacles(
        { project: PROJECT, grant },
        { ...endpoints(), accessToken: clouds.running.googleAdminToken },
      );
    const set = (settings: object) => clouds.control("google", "PATCH", "settings", settings);

    it("sees nothing in the way where there is nothing", async () => {
      assert.deepEqual(await obstacles("project"), []);
    });

    for (const constraint of [
      "iam.disableServiceAccountKeyCreation",
      "iam.managed.disableServiceAccountKeyCreation",
    ]) {
      it(`sees the constraint ${constraint}`, async () => {
        await set({ enforcedConstraints: [constraint] });
        assert.deepEqual(await obstacles(), [{ kind: "constraint", constraint }]);
      });
    }

    it("sees the older constraint without the Organization Policy API, too", async () => {
      const constraint = "iam.disableServiceAccountKeyCreation";
      await set({
        enforcedConstraints: [constraint],
        disabledServices: ["orgpolicy.googleapis.com"],
      });
      assert.deepEqual(await obstacles(), [{ kind: "constraint", constraint }]);
    });

    it("leaves to the attempt what it may not see", async () => {
      await set({
        enforcedConstraints: ["iam.disableServiceAccountKeyCreation"],
        policyReadable: false,
      });
      assert.deepEqual(await obstacles(), []);
    });

    it("sees the APIs that are not enabled, Resource Manager's only where it is needed", async () => {
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

  describe("that is refused", () => {
    const place = { project: PROJECT, stack: "prod" };

    it("is told the constraint, and every way out", () => {
      const refusal = refusalInWords(
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

    it("is told the API and the command that enables it", async () => {
      await clouds.control("google", "PATCH", "settings", {
        disabledServices: ["dns.googleapis.com"],
      });
      const { body } = await clouds.google("GET", `/dns/v1/projects/${PROJECT}/managedZones`);
      const { message } = (body as unknown as { readonly error: { readonly message: string } })
        .error;
      const refusal = refusalInWords(`googleapi: Error 403: ${message}`);
      assert(refusal !== undefined);
      assert.match(
        refusalText(refusal, place),
        /gcloud services enable dns\.googleapis\.com --project=\d+$/,
      );
    });

    it("is told of domain-restricted sharing by the constraint's name", () => {
      const refusal = refusalInWords(
        "googleapi: Error 400: One or more users named in the policy do not belong to a permitted customer., failedPrecondition",
      );
      assert.deepEqual(refusal, {
        kind: "constraint",
        constraint: "iam.allowedPolicyMemberDomains",
      });
    });

    it("is told nothing where Google's words are about something else", () => {
      assert.equal(refusalInWords("googleapi: Error 500: Internal error"), undefined);
    });
  });
});
