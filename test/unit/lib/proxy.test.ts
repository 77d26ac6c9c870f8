import assert from "node:assert/strict";
import {
  loopbackWithoutProxy,
  proxyFor,
  refuseUnusableProxies,
  withoutUserinfo,
} from "../../../lib/proxy.ts";

const proxy = "http://proxy.test:3128";

describe("the proxy of a request", () => {
  for (const [url, environment, expected] of [
    ["https://api.test/", { HTTPS_PROXY: proxy }, proxy],
    ["https://api.test/", { https_proxy: proxy }, proxy],
    ["https://api.test/", { HTTPS_PROXY: "", https_proxy: proxy }, proxy],
    ["https://api.test/", { HTTPS_PROXY: proxy, https_proxy: "http://other.test" }, proxy],
    ["https://api.test/", { HTTPS_PROXY: "proxy.test:3128" }, proxy],
    ["https://api.test/", { HTTP_PROXY: proxy }, undefined],
    ["http://api.test/", { HTTP_PROXY: proxy }, proxy],
    ["http://api.test/", { http_proxy: proxy }, proxy],
    ["http://api.test/", { HTTPS_PROXY: proxy }, undefined],
    ["https://api.test/", {}, undefined],
  ] as const) {
    it(`of ${url} with ${JSON.stringify(environment)} is ${expected ?? "none"}`, () => {
      assert.equal(proxyFor(url, environment), expected);
    });
  }

  for (const host of ["localhost", "127.0.0.1:6443", "127.8.9.1", "[::1]:6443"]) {
    it(`is none for ${host}, which is this machine`, () => {
      assert.equal(proxyFor(`https://${host}/`, { HTTPS_PROXY: proxy }), undefined);
    });
  }

  for (const [entry, host, excluded] of [
    ["*", "api.test", true],
    ["api.test", "api.test", true],
    ["API.test", "api.TEST", true],
    ["other.test, api.test", "api.test", true],
    ["test", "api.test", true],
    ["pi.test", "api.test", false],
    ["api.test", "v1.api.test", true],
    [".api.test", "v1.api.test", true],
    [".api.test", "api.test", false],
    ["*.api.test", "v1.api.test", true],
    ["*.api.test", "api.test", false],
    ["api.test:443", "api.test", true],
    ["api.test:6443", "api.test", false],
    ["api.test:6443", "api.test:6443", true],
    ["10.0.0.0/8", "10.1.2.3:6443", true],
    ["10.0.0.0/8", "11.1.2.3", false],
    ["10.1.2.3", "10.1.2.3", true],
    ["10.1.2.3:443", "10.1.2.3:6443", false],
    ["fd00::/8", "[fd00::1]:6443", true],
    ["[fd00::1]:6443", "[fd00::1]:6443", true],
    ["10.0.0.0/99", "10.1.2.3", false],
    ["10.1.2.3/8", "10.9.9.9", true],
    ["bücher.test", "xn--bcher-kva.test", true],
    ["*.BÜCHER.test:443", "v1.bücher.test", true],
    ["api.test:", "api.test:6443", true],
    ["[fd00::1]:", "[fd00::1]", true],
    ["", "api.test", false],
  ] as const) {
    it(`is ${excluded ? "none" : "the named one"} for ${host} with NO_PROXY ${entry}`, () => {
      for (const variable of ["NO_PROXY", "no_proxy"]) {
        const environment = { HTTPS_PROXY: proxy, [variable]: entry };
        assert.equal(proxyFor(`https://${host}/`, environment), excluded ? undefined : proxy);
      }
    });
  }

  for (const value of [
    "ftp://proxy.test",
    "socks4://proxy.test:1080",
    "http://:3128",
    "http://a b",
    "::",
    "//proxy.test:3128",
    "http://proxy.test:3128 ",
    // Go parses these as another address, or as none, and uses no proxy.
    "http://me:se%zzcret@proxy.test:3128",
    "http://me:se^cret@proxy.test:3128",
    'me:se"cret@proxy.test:3128',
    "http://me:gehäuse@proxy.test:3128",
    "http://me:se/cret@proxy.test:3128",
    "http://me:se#cret@proxy.test:3128",
  ]) {
    it(`is refused before any request where it is ${value}, only by the variable's name`, () => {
      for (const refused of [
        () => {
          refuseUnusableProxies({ https_proxy: value });
        },
        () => proxyFor("https://api.test/", { https_proxy: value }),
      ]) {
        assert.throws(refused, (error: Error) => {
          assert.match(
            error.message,
            /^https_proxy names no proxy .*\n +export https_proxy='http:/,
          );
          assert(!error.message.includes(value));
          return true;
        });
      }
    });
  }

  for (const value of [
    "socks5://proxy.test",
    "SOCKS5H://me:secret@proxy.test:1",
    "https://p.test",
    "http://me:s%C3%A4c%5Eret@p.test:3128/",
    "http://me:p@ss:!$&'()*+,;=~._-@p.test:3128",
    "http://[fd00::1]:3128",
    "http://squid_1:3128",
  ]) {
    it(`may be ${value}`, () => {
      refuseUnusableProxies({ HTTP_PROXY: value });
      assert.equal(proxyFor("http://api.test/", { HTTP_PROXY: value }), value);
    });
  }

  it("is printed without its password", () => {
    for (const userinfo of ["me:secret", "me", "me:sec@ret", "me@here.test:s@c@r@et", "me:%40"]) {
      assert.equal(withoutUserinfo(`http://${userinfo}@proxy.test:3128`), proxy);
    }
    assert.equal(withoutUserinfo(`${proxy}/a@b?c@d`), `${proxy}/a@b?c@d`);
  });
});

describe("the sandbox's own requests with a proxy", () => {
  it("are excluded in both cases, beside the present exclusions", () => {
    const expected = "localhost,127.0.0.1,::1,internal.test";
    for (const variable of ["NO_PROXY", "no_proxy"]) {
      assert.deepEqual(loopbackWithoutProxy({ [variable]: "internal.test,localhost" }), {
        NO_PROXY: expected,
        no_proxy: expected,
      });
    }
  });
});
