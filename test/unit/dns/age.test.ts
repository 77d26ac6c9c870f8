import assert from "node:assert/strict";
import { ageWarning, rotateBy } from "../../../dns/age.ts";

const command = "pulumi up -s prod --replace '**::dns-key'";
const createdAt = "2026-01-01T00:00:00Z";
const never = "9999-12-31T23:59:59Z";

describe("a credential's age", () => {
  const warning = (expiresAt: string | undefined, today: string, maxAgeDays = 90) =>
    ageWarning({ createdAt, expiresAt }, maxAgeDays, command, Date.parse(`${today}T12:00:00Z`));

  it("causes no warning before it is due", () => {
    assert.equal(warning(undefined, "2026-03-31"), undefined);
    assert.equal(warning(never, "2026-03-31"), undefined);
    assert.equal(warning("2026-03-15T00:00:00Z", "2026-02-28"), undefined);
  });

  it("causes a warning with the command at the maximum age", () => {
    assert.equal(
      warning(never, "2026-04-01"),
      `The DNS credential is 90 days old (dns.maxAgeDays is 90); replace it: ${command}`,
    );
  });

  it("causes a warning before the expiry, at any age", () => {
    assert.match(
      warning("2026-01-20T00:00:00Z", "2026-01-10") ?? "",
      /expires in 9 days, on 2026-01-20/,
    );
  });

  it("causes a warning after the expiry", () => {
    assert.match(
      warning("2026-01-20T00:00:00Z", "2026-02-01") ?? "",
      /expired on 2026-01-20.*no certificate/,
    );
  });

  it("determines the date of its replacement", () => {
    assert.equal(rotateBy({ createdAt, expiresAt: undefined }, 90), "2026-04-01");
    assert.equal(rotateBy({ createdAt, expiresAt: never }, 30), "2026-01-31");
    assert.equal(rotateBy({ createdAt, expiresAt: "2026-02-01T00:00:00Z" }, 90), "2026-01-18");
  });
});
