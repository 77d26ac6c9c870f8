import assert from "node:assert/strict";
import { findAccess } from "../../../../dns/access.ts";
import { logIn } from "../../../../dns/googleCloud/logIn.ts";

const login = "gcloud auth application-default login";

/** The command for a stack with these settings of Google's plugin, and an environment with these variables. */
function command(settings: Readonly<Record<string, string>>, environment: NodeJS.ProcessEnv = {}) {
  const { googleCloud } = findAccess((_, setting) => settings[setting], environment, "my stack");
  return logIn(googleCloud, environment);
}

describe("the command that logs in at Google", () => {
  it("is gcloud's login, where nothing takes precedence", () => {
    assert.equal(command({}), login);
    assert.equal(command({}, { GOOGLE_APPLICATION_CREDENTIALS: "" }), login);
  });

  it("first removes the settings and variables that take precedence over the login", () => {
    for (const [settings, environment, first] of [
      [{ credentials: "key.json" }, {}, "pulumi config rm -s 'my stack' gcp:credentials"],
      [{ externalCredentials: "{}" }, {}, "pulumi config rm -s 'my stack' gcp:externalCredentials"],
      [{}, { GOOGLE_CREDENTIALS: "key.json" }, "unset GOOGLE_CREDENTIALS"],
      [{}, { GCLOUD_KEYFILE_JSON: "key.json" }, "unset GCLOUD_KEYFILE_JSON"],
      [
        { accessToken: "ya29" },
        { GOOGLE_APPLICATION_CREDENTIALS: "key.json" },
        "pulumi config rm -s 'my stack' gcp:accessToken && unset GOOGLE_APPLICATION_CREDENTIALS",
      ],
    ] as const) {
      assert.equal(command(settings, environment), `${first} && ${login}`);
    }
  });
});
