import type { Rule } from "../rule.ts";
import { credentialIsProven } from "./credentialIsProven.ts";
import { directoryFitsStack } from "./directoryFitsStack.ts";
import { grantOnOneZone } from "./grantOnOneZone.ts";
import { noCredentialInValues } from "./noCredentialInValues.ts";
import { releaseIsRolledBack } from "./releaseIsRolledBack.ts";
import { tokenOfOneZone } from "./tokenOfOneZone.ts";

/** All policies of the pack. */
export const rules: readonly Rule[] = [
  grantOnOneZone,
  tokenOfOneZone,
  noCredentialInValues,
  releaseIsRolledBack,
  credentialIsProven,
  directoryFitsStack,
];
