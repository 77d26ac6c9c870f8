import type { Agent } from "node:http";
import { BlockList, isIP } from "node:net";
import { domainToASCII } from "node:url";
import { isAscii } from "./dnsName.ts";
import { UserError } from "./errors.ts";

/**
 * The proxy for a URL from the environment: `HTTPS_PROXY` or `HTTP_PROXY` by the URL's scheme, except for the entries of
 * `NO_PROXY`; each in upper or lower case. The rules are those of Go (golang.org/x/net/http/httpproxy), so that the
 * program's requests use the same proxy as Pulumi's plugins, Helm and kubectl: a loopback address never has a proxy, an
 * entry for a domain includes its subdomains, and an entry can be a network (CIDR), or have a port.
 *
 * @param url the URL of the request
 * @param environment default: that of this process
 * @returns the proxy's URL; undefined for a direct request
 * @throws UserError when the variable is not a supported proxy
 */
export function proxyFor(
  url: string | URL,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const target = new URL(url);
  const scheme = target.protocol.slice(0, -1);
  const named = namedProxy(scheme, environment);
  if (!(scheme in defaultPorts) || named === undefined) {
    return undefined;
  }
  const host = target.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = target.port === "" ? (defaultPorts[scheme] ?? "") : target.port;
  const excluded = (anyCase(environment, "no_proxy") ?? "").split(",");
  if (
    isLoopback(host) ||
    excluded.some((entry) => covers(entry.trim().toLowerCase(), host, port))
  ) {
    return undefined;
  }
  return usable(named);
}

/**
 * Refuses an unsupported proxy before any request.
 *
 * @param environment default: that of this process
 * @throws UserError with the variable, and its valid form
 */
export function refuseUnusableProxies(environment: NodeJS.ProcessEnv = process.env): void {
  for (const scheme of Object.keys(defaultPorts)) {
    const named = namedProxy(scheme, environment);
    if (named !== undefined) {
      usable(named);
    }
  }
}

/**
 * The variables that exclude requests from this machine to itself from the proxy, in addition to the environment's own
 * exclusions: both cases, since some programs read only one of them.
 */
export function loopbackWithoutProxy(environment: NodeJS.ProcessEnv): {
  readonly NO_PROXY: string;
  readonly no_proxy: string;
} {
  const own = anyCase(environment, "no_proxy");
  const entries = [...loopbackNames, ...(own === undefined ? [] : own.split(","))];
  const list = [...new Set(entries.map((entry) => entry.trim()))].join(",");
  return { NO_PROXY: list, no_proxy: list };
}

/** An address for messages, without a user name and password. A password can contain an @. */
export function withoutUserinfo(url: string): string {
  return url.replace(/\/\/[^/?#]*@/, "//");
}

/**
 * The agent that sends a request through its proxy, for HTTP clients with Node's interface.
 *
 * @returns undefined for a direct request
 */
export async function proxyAgent(
  url: string | URL,
  environment?: NodeJS.ProcessEnv,
): Promise<Agent | undefined> {
  const proxy = proxyFor(url, environment);
  if (proxy === undefined) {
    return undefined;
  }
  // Loaded here, since most requests have no proxy.
  if (/^socks/i.test(proxy)) {
    const { SocksProxyAgent } = await import("socks-proxy-agent");
    return new SocksProxyAgent(withRemoteNames(proxy));
  }
  const { HttpsProxyAgent } = await import("https-proxy-agent");
  return new HttpsProxyAgent(proxy);
}

/** A SOCKS proxy resolves names itself, as in Go; the JavaScript client uses another scheme for that. */
export function withRemoteNames(proxy: string): string {
  return proxy.replace(/^socks5h?:/i, "socks5h:");
}

const loopbackNames = ["localhost", "127.0.0.1", "::1"];
const defaultPorts: Readonly<Record<string, string>> = { http: "80", https: "443" };

/** The schemes that Go's HTTP client supports (net/http, Transport.Proxy), and so the plugins, Helm and kubectl. */
const proxySchemes: readonly string[] = ["http:", "https:", "socks5:", "socks5h:"];

/** The proxy in an environment variable. */
interface NamedProxy {
  readonly variable: string;
  readonly value: string;
}

function namedProxy(scheme: string, environment: NodeJS.ProcessEnv): NamedProxy | undefined {
  const name = `${scheme}_proxy`;
  const variable = [name.toUpperCase(), name].find((name) => (environment[name] ?? "") !== "");
  return variable === undefined ? undefined : { variable, value: environment[variable] ?? "" };
}

/** The proxy's URL, with HTTP as its default scheme. No message contains the URL, since it may have a password. */
function usable({ variable, value }: NamedProxy): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (!proxySchemes.includes(URL.parse(url)?.protocol ?? "") || !isReadable(url)) {
    throw new UserError(
      `${variable} names no proxy that Pulumi's plugins and this program support (http, https, socks5 or socks5h; special characters in a name or password as %XX).\n` +
        `      export ${variable}='http://HOST:PORT'`,
    );
  }
  return url;
}

/**
 * Whether Go parses a proxy's URL like Node. If Go cannot parse the URL (net/url, `validUserinfo` and `unescape`), its HTTP
 * client silently uses another URL, or no proxy.
 */
export function isReadable(proxy: string): boolean {
  const [, userinfo = "", host = ""] =
    /^[a-z][a-z0-9+.-]*:\/\/(?:([^/?#]*)@)?([^/?#@]*)/i.exec(proxy) ?? [];
  return (
    host !== "" &&
    URL.canParse(proxy) &&
    !/\s/.test(proxy) &&
    /^(?:[\w.~!$&'()*+,;=:@-]|%[0-9a-f]{2})*$/i.test(userinfo)
  );
}

/** A variable in upper case, else in lower case. An empty variable is treated as unset. */
function anyCase(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  return [environment[name.toUpperCase()], environment[name]].find(
    (value) => value !== undefined && value !== "",
  );
}

/**
 * Whether a host is this machine itself (RFC 1122, section 3.2.1.3; RFC 6761, section 6.3).
 *
 * @param host a name or an address; an IPv6 address may be in brackets, as in a URL
 */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1");
  return (
    address === "localhost" || inNetwork(address, "127.0.0.0", 8) || inNetwork(address, "::1", 128)
  );
}

/** Whether an entry of `NO_PROXY` matches a host and port. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === "" || entry === "*") {
    return entry === "*";
  }
  const [, network = "", length] = /^(.+)\/(\d+)$/.exec(entry) ?? [];
  if (isIP(network) !== 0) {
    return inNetwork(host, network, Number(length));
  }
  // An IPv6 address with a port is in brackets, and one without a port has more than one colon.
  const [, named = entry, ownPort = ""] = /^(\[.*\]|[^:]*):(\d*)$/.exec(entry) ?? [];
  const written = named.replace(/^\[|\]$/g, "").replace(/^\*\./, ".");
  // A URL has its host in ASCII.
  const name = isAscii(written) ? written : domainToASCII(written) || written;
  if (name === "" || (ownPort !== "" && ownPort !== port)) {
    return false;
  }
  if (isIP(name) !== 0) {
    return inNetwork(host, name, isIP(name) === 4 ? 32 : 128);
  }
  return isIP(host) === 0 && (host === name || host.endsWith(`.${name.replace(/^\./, "")}`));
}

/** Whether a host is an address in a network. */
function inNetwork(host: string, network: string, length: number): boolean {
  const family = isIP(network) === 4 ? "ipv4" : "ipv6";
  if (isIP(host) === 0 || isIP(host) !== isIP(network) || length > (family === "ipv4" ? 32 : 128)) {
    return false;
  }
  const list = new BlockList();
  list.addSubnet(network, length, family);
  return list.check(host, family);
}
