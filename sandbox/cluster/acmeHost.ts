/**
 * The host under which stacks know the sandbox's CA. Its port differs from start to start, so the directory URL in a
 * stack's file names the host alone, and whoever asks for a certificate is told where that is.
 */
export const acmeHost = "pebble.sandbox.internal";
