/**
 * The host name of the sandbox's CA in stacks. The CA's port differs between starts, so the directory URL in a
 * stack's file contains only the host name, and the clients that request a certificate are given its address.
 */
export const acmeHost = "pebble.sandbox.internal";
