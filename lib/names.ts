/** The last part of a name with slashes, such as the id in `projects/…/serviceAccounts/…/keys/<id>`. */
export function lastSegment(name: string): string {
  return name.split("/").at(-1) ?? name;
}
