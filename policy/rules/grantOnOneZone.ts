import { shell } from "../../lib/shell.ts";
import { known, stackOf, type Rule } from "../rule.ts";

/** Grants on a project, with any role: each covers all zones of the project, or more. */
const onProject = "gcp:projects/";
/** Resources that also replace other grants. */
const authoritative = ["gcp:dns/dnsManagedZoneIamBinding", "gcp:dns/dnsManagedZoneIamPolicy"];

export const grantOnOneZone: Rule = {
  name: "grant-on-one-zone",
  description: "Grants at Google are on one managed zone, and do not replace other grants.",
  types: [onProject, "gcp:organizations/", "gcp:folder/", "gcp:dns/dnsManagedZoneIam"],
  check: (resource) => {
    const { type, props } = resource;
    if (authoritative.some((token) => type.startsWith(token))) {
      return ["The resource removes other grants on the zone. Use DnsManagedZoneIamMember."];
    }
    if (!type.startsWith("gcp:dns/")) {
      return /I[Aa][Mm](?:Member|Binding|Policy|AuditConfig)/.test(type)
        ? [
            `The grant covers every zone of the project. To grant on the one zone: ${shell`pulumi config rm -s ${stackOf(resource)} --path dns.grant`}`,
          ]
        : [];
    }
    const member = known(() => props.member);
    return member === "allUsers" || member === "allAuthenticatedUsers"
      ? ["The grant is to everyone. Name one service account."]
      : [];
  },
};
