import {
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importSPKI,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from "jose";

/** A JSON Web Token, read but not yet believed. */
export interface Jwt {
  readonly text: string;
  readonly header: ProtectedHeaderParameters;
  readonly claims: JWTPayload;
}

/** Reads a compact token; undefined when the text is not one. */
export function readJwt(text: string): Jwt | undefined {
  try {
    return { text, header: decodeProtectedHeader(text), claims: decodeJwt(text) };
  } catch {
    return undefined;
  }
}

/** Whether the token carries an RS256 signature of the key; no other algorithm counts, least of all "none". */
export async function isSignedBy(jwt: Jwt, publicKey: string): Promise<boolean> {
  try {
    await compactVerify(jwt.text, await importSPKI(publicKey, "RS256"), { algorithms: ["RS256"] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) {
      return false;
    }
    throw error;
  }
}
