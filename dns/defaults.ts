/** How long the proof waits until a new credential works everywhere, in seconds: at Google it is mostly one minute and up to 7, at Cloudflare seconds. */
export const defaultProofTimeout = 480;

/** The same for a credential that is brought, which was made before, in seconds. */
export const broughtProofTimeout = 60;

/** The text that a credential's `rotation` has until somebody changes it. */
export const firstRotation = "first";
