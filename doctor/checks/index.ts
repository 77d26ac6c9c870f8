import type { Check } from "../check.ts";
import { addresses } from "./addresses.ts";
import { caa } from "./caa.ts";
import { certificate } from "./certificate.ts";
import { challengePath } from "./challengePath.ts";
import { challengeRoute } from "./challengeRoute.ts";
import { chartVersion } from "./chartVersion.ts";
import { completeness } from "./completeness.ts";
import { credentialCount } from "./credentialCount.ts";
import { credentialGrants } from "./credentialGrants.ts";
import { credentialLife } from "./credentialLife.ts";
import { credentialSecret } from "./credentialSecret.ts";
import { credentialWorks } from "./credentialWorks.ts";
import { cloudflareProxy } from "./cloudflareProxy.ts";
import { delegation } from "./delegation.ts";
import { drift } from "./drift.ts";
import { everyAddress } from "./everyAddress.ts";
import { finalCommand } from "./finalCommand.ts";
import { firstDeployment } from "./firstDeployment.ts";
import { issuerLog } from "./issuerLog.ts";
import { pod } from "./pod.ts";
import { podObstacles } from "./podObstacles.ts";
import { rateLimits } from "./rateLimits.ts";
import { releaseStatus } from "./releaseStatus.ts";
import { renewal } from "./renewal.ts";
import { renewalRetry } from "./renewalRetry.ts";
import { settings } from "./settings.ts";
import { walletSecret } from "./walletSecret.ts";
import { wildcardSecret } from "./wildcard/certificate.ts";
import { wildcardCredential } from "./wildcard/credential.ts";
import { wildcardDns } from "./wildcard/dns.ts";
import { wildcardIssuer } from "./wildcard/issuer.ts";
import { wildcardOrder } from "./wildcard/order.ts";
import { wildcardServed } from "./wildcard/served.ts";
import { workloadIdentity } from "./workloadIdentity.ts";
import { zoneDelegation } from "./zoneDelegation.ts";

/** All checks, in the order of the report. */
export const checks: readonly Check[] = [
  releaseStatus,
  chartVersion,
  renewalRetry,
  pod,
  podObstacles,
  drift,
  walletSecret,
  settings,
  finalCommand,
  issuerLog,
  completeness,
  credentialSecret,
  credentialWorks,
  credentialLife,
  credentialCount,
  credentialGrants,
  workloadIdentity,
  addresses,
  everyAddress,
  challengeRoute,
  challengePath,
  caa,
  delegation,
  zoneDelegation,
  cloudflareProxy,
  certificate,
  renewal,
  rateLimits,
  wildcardIssuer,
  wildcardOrder,
  wildcardSecret,
  wildcardCredential,
  wildcardDns,
  wildcardServed,
];

/** The checks for a stack whose first deployment has failed. */
export const unfinishedChecks: readonly Check[] = [firstDeployment, podObstacles];
