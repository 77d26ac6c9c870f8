import {
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importSPKI,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from "jose";

/** A JSON Web Token whose signature has not been verified. */
export interface Jwt {
  readonly text: string;
  readonly header: ProtectedHeaderParameters;
  readonly claims: JWTPayload;
}

/** Reads a compact token; undefined for other text. */
export function readJwt(text: string): Jwt | undefined {
  try {
    return { text, header: decodeProtectedHeader(text), claims: decodeJwt(text) };
  } catch {
    return undefined;
  }
}

/** Whether the token has an RS256 signature by the key; no other algorithm is accepted, in particular not "none". */
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
