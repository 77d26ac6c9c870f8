import { verify } from "node:crypto";
import { type JsonObject, parseObject } from "../shared/json.ts";

/** A JSON Web Token, taken apart but not yet believed. */
export interface Jwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** The part that the signature covers. */
  readonly signed: string;
  readonly signature: Buffer;
}

/** Takes a compact token apart; undefined when the text is not one. */
export function parseJwt(text: string): Jwt | undefined {
  const [header, claims, signature, ...rest] = text.split(".");
  if (!header || !claims || !signature || rest.length > 0) {
    return undefined;
  }
  const [headerObject, claimsObject] = [header, claims].map((part) =>
    parseObject(Buffer.from(part, "base64url").toString("utf8")),
  );
  return (
    headerObject &&
    claimsObject && {
      header: headerObject,
      claims: claimsObject,
      signed: `${header}.${claims}`,
      signature: Buffer.from(signature, "base64url"),
    }
  );
}

/** Whether the token carries an RS256 signature of the key; no other algorithm counts, least of all "none". */
export function isSignedBy(jwt: Jwt, publicKey: string): boolean {
  return (
    jwt.header.alg === "RS256" &&
    verify("RSA-SHA256", Buffer.from(jwt.signed), publicKey, jwt.signature)
  );
}
