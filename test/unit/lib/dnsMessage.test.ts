import assert from "node:assert/strict";
import {
  decodeMessage,
  encodeMessage,
  question,
  recordType,
  type DnsMessage,
} from "../../../lib/dnsMessage.ts";
import { dnsServersOf } from "../../../lib/dnsServers.ts";

const message: DnsMessage = {
  ...question(4711, "_acme-challenge.example.com", recordType.SOA),
  isResponse: true,
  isAuthoritative: true,
  code: 3,
  answers: [{ name: "example.com", type: recordType.CNAME, data: "example.test" }],
  authority: [
    { name: "example.com", type: recordType.NS, data: "ns1.example.com" },
    { name: "example.com", type: recordType.SOA, data: "ns1.example.com" },
  ],
  additional: [{ name: "ns1.example.com", type: recordType.A, data: "192.0.2.1" }],
};

describe("a DNS message", () => {
  it("is decoded as it was encoded", () => {
    assert.deepEqual(decodeMessage(encodeMessage(message)), message);
  });

  it("may have names with pointers to earlier names", () => {
    const asked = encodeMessage(question(1, "example.com", recordType.NS));
    asked.writeUInt16BE(1, 6);
    // The owner is the question's name, at 12; the data are `ns1` before it.
    const answer = Buffer.from("c00c0002000100000000000603" + "6e7331" + "c00c", "hex");
    const { answers } = decodeMessage(Buffer.concat([asked, answer]));
    assert.deepEqual(answers, [
      { name: "example.com", type: recordType.NS, data: "ns1.example.com" },
    ]);
  });

  it("is refused where it is truncated, or a name has circular pointers", () => {
    assert.throws(() => decodeMessage(encodeMessage(message).subarray(0, 60)), RangeError);
    const circle = Buffer.concat([Buffer.alloc(12), Buffer.from("c00c00020001", "hex")]);
    assert.throws(() => decodeMessage(circle), RangeError);
  });

  it("has no name with an empty or too long label", () => {
    for (const name of ["a..b", "x".repeat(64)]) {
      assert.throws(() => encodeMessage(question(1, name, recordType.A)), RangeError);
    }
  });
});

describe("the DNS servers of an environment", () => {
  const servers = (text?: string) => dnsServersOf({ AKASH_DNS_SERVERS: text });

  it("are addresses, with or without ports", () => {
    assert.deepEqual(servers(), []);
    assert.deepEqual(servers("1.1.1.1, 127.0.0.1:5353,[2606:4700::1]:53"), [
      "1.1.1.1",
      "127.0.0.1:5353",
      "[2606:4700::1]:53",
    ]);
  });

  for (const text of ["dns.google", "1.1.1.1:0", "1.1.1.1:dns", "[1.1.1.1]:53"]) {
    it(`are not ${text}`, () => {
      assert.throws(() => servers(text), /AKASH_DNS_SERVERS has/);
    });
  }
});
