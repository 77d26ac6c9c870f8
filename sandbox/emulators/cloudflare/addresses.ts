import { BlockList, isIP } from "node:net";
import type { IpCondition } from "./state.ts";

/** Whether the text is an address or a CIDR range. */
export function isAddressRange(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  return (
    family !== 0 &&
    rest.length === 0 &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
  );
}

/**
 * Whether the condition permits the address: it must be in `in`, if present, and must not be in `not_in`.
 *
 * @see https://developers.cloudflare.com/fundamentals/api/how-to/restrict-tokens/
 */
export function admits(condition: IpCondition, address: string): boolean {
  return (
    (condition.in === undefined || includes(condition.in, address)) &&
    !includes(condition.not_in ?? [], address)
  );
}

function includes(ranges: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [base = "", bits] = range.split("/");
    const family = familyOf(base);
    list.addSubnet(base, Number(bits ?? (family === "ipv4" ? 32 : 128)), family);
  }
  return list.check(address, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
