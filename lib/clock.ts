/** The command that synchronizes a machine's clock. */
export const setClock = "sudo timedatectl set-ntp true";

/** Node's codes for a certificate that is not valid at this machine's time. */
const outOfTime: readonly unknown[] = ["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"];

/**
 * The message for a server's certificate that is not valid at this machine's time: with a vendor's certificate, mostly the
 * clock is wrong.
 *
 * @param code Node's code of the failure
 * @returns undefined for any other failure
 */
export function clockHint(code: unknown, now: Date = new Date()): string | undefined {
  return outOfTime.includes(code)
    ? `its certificate is not valid at this machine's time, ${now.toISOString()} (${String(code)}). If the clock is wrong: ${setClock}`
    : undefined;
}
