import assert from "node:assert/strict";
import { dnsName, readableName } from "../../../lib/dnsName.ts";

describe("a DNS name", () => {
  const forms: readonly (readonly [written: string, inDns: string])[] = [
    ["example.com", "example.com"],
    ["Example.COM.", "example.com"],
    ["_acme-challenge.provider.example.com.", "_acme-challenge.provider.example.com"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["BÜCHER.Example.", "xn--bcher-kva.example"],
    ["bu\u0308cher.example", "xn--bcher-kva.example"],
    ["XN--BCHER-KVA.example", "xn--bcher-kva.example"],
    ["_akash-proof.bücher.example", "_akash-proof.xn--bcher-kva.example"],
    ["例え.テスト", "xn--r8jz45g.xn--zckzah"],
    ["", ""],
    // Not domains, and so unchanged.
    ["bücher.example/x", "bücher.example/x"],
    ["bücher.example?x", "bücher.example?x"],
    ["bücher.example#x", "bücher.example#x"],
    ["bücher.example\\x", "bücher.example\\x"],
    ["bü%63her.example", "bü%63her.example"],
  ];
  for (const [written, inDns] of forms) {
    it(`${written} is ${inDns} in DNS`, () => {
      assert.equal(dnsName(written), inDns);
    });
  }

  it("is printed with its own letters", () => {
    assert.equal(readableName("xn--bcher-kva.example."), "bücher.example");
    for (const name of ["_acme-challenge.example.com", "0x7f.1", "a/b.c", "ex%41mple.com"]) {
      assert.equal(readableName(name), name);
    }
  });
});
