/** The command that has a machine keep its clock right. */
export const setClock = "sudo timedatectl set-ntp true";

/** Node's codes for a certificate that is not valid at this machine's time. */
const outOfTime: readonly unknown[] = ["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"];

/**
 * What to say of a server's certificate that is not valid at this machine's time: of a vendor's, it is mostly the clock
 * that is wrong.
 *
 * @param code Node's code for what has failed
 * @returns undefined for any other failure
 */
export function clockHint(code: unknown, now: Date = new Date()): string | undefined {
  return outOfTime.includes(code)
    ? `its certificate is not valid at this machine's time, ${now.toISOString()} (${String(code)}). If the clock is wrong: ${setClock}`
    : undefined;
}
