import { shell } from "../../lib/shell.ts";
import { known, stackOf, type Rule } from "../rule.ts";

/** Grants on a project, whatever the role: each reaches all of its zones, or more. */
const onProject = "gcp:projects/";
/** What replaces the grants of others, too. */
const authoritative = ["gcp:dns/dnsManagedZoneIamBinding", "gcp:dns/dnsManagedZoneIamPolicy"];

export const grantOnOneZone: Rule = {
  name: "grant-on-one-zone",
  description: "Grants at Google are on one managed zone, and leave those of others alone.",
  types: [onProject, "gcp:organizations/", "gcp:folder/", "gcp:dns/dnsManagedZoneIam"],
  check: (resource) => {
    const { type, props } = resource;
    if (authoritative.some((token) => type.startsWith(token))) {
      return ["This takes away what others have granted on the zone. Use DnsManagedZoneIamMember."];
    }
    if (!type.startsWith("gcp:dns/")) {
      return /I[Aa][Mm](?:Member|Binding|Policy|AuditConfig)/.test(type)
        ? [
            `The grant reaches every zone of the project. On the one zone: ${shell`pulumi config rm -s ${stackOf(resource)} --path dns.grant`}`,
          ]
        : [];
    }
    const member = known(() => props.member);
    return member === "allUsers" || member === "allAuthenticatedUsers"
      ? ["The grant is to everybody. Name one service account."]
      : [];
  },
};
