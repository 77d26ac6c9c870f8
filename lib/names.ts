/** The last part of a name with slashes, such as the id in `projects/…/serviceAccounts/…/keys/<id>`. */
export function lastSegment(name: string): string {
  return name.split("/").at(-1) ?? name;
}

/** A name of one label, as Kubernetes takes it for namespaces and other objects (RFC 1123, section 2.1). */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
