/** The last part of a name with slashes, such as the id in `projects/…/serviceAccounts/…/keys/<id>`. */
export function lastSegment(name: string): string {
  return name.split("/").at(-1) ?? name;
}

/**
 * A name of a Helm release, which Helm itself takes (helm.sh/helm/v3, pkg/chartutil/validate_name.go): DNS labels, and 53
 * characters at most.
 */
export const helmReleaseName =
  /^(?=.{1,53}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A stack's name, as Pulumi takes it, with its organization and project or without. */
export const stackName = /^([\w.-]+\/){0,2}\w[\w.-]*$/;

/** A name of one label, as Kubernetes takes it for namespaces and other objects (RFC 1123, section 2.1). */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
