/** The last part of a name with slashes, such as the id in `projects/…/serviceAccounts/…/keys/<id>`. */
export function lastSegment(name: string): string {
  return name.split("/").at(-1) ?? name;
}

/**
 * A valid name of a Helm release (helm.sh/helm/v3, pkg/chartutil/validate_name.go): DNS labels, and at most 53 characters.
 */
export const helmReleaseName =
  /^(?=.{1,53}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A valid name of a Pulumi stack, with or without its organization and project. */
export const stackName = /^(\w[\w.-]*\/){0,2}\w[\w.-]*$/;

/** A name of one label, for namespaces and other objects of Kubernetes (RFC 1123, section 2.1). */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
