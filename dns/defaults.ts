/** How long the proof waits for a new credential to work, in seconds. At Google this takes mostly one minute and up to 7, at Cloudflare seconds. */
export const defaultProofTimeout = 480;

/** The same for a provided credential, which exists already, in seconds. */
export const providedProofTimeout = 60;

/** Default of a credential's `rotation`. */
export const firstRotation = "first";
