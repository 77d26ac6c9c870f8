/** Go's text of a moment (time.Time.String), such as `2027-01-31 00:00:00 +0000 UTC`. */
const goMoment = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ([-+]\d\d)(\d\d) [A-Z\d+-]+$/;

/** The texts without quotes in a stack's file that Pulumi reads as a moment (go.yaml.in/yaml v3, resolve.go). */
export const unquotedMoment =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt](\d\d?):(\d\d?):(\d\d?)(\.\d+)?(?:Z|([-+]\d\d:\d\d))| (\d\d?):(\d\d?):(\d\d?)(\.\d+)?)?$/;

/**
 * A moment in the form of a stack's file. Pulumi passes Go's text of a moment without quotes, and `pulumi config set`
 * writes that text back into the file.
 *
 * @returns a date for the first moment of a day in UTC, else the RFC 3339 form; any other text unchanged
 */
export function writtenMoment(text: string): string {
  const [, date, time, hours, minutes] = goMoment.exec(text) ?? [];
  return date === undefined || time === undefined
    ? text
    : shortest(date, time, `${hours ?? ""}:${minutes ?? ""}`);
}

/** A text that matches {@link unquotedMoment}, in the form of {@link writtenMoment}. */
export function momentInFile(text: string): string {
  const [, year, month, day, ...rest] = unquotedMoment.exec(text) ?? [];
  const [hour = "0", minute = "0", second = "0", fraction = ""] =
    rest[0] === undefined ? rest.slice(5) : rest;
  const two = (part: string | undefined) => (part ?? "").padStart(2, "0");
  const date = `${year ?? ""}-${two(month)}-${two(day)}`;
  const time = `${two(hour)}:${two(minute)}:${two(second)}${fraction.replace(/\.?0+$/, "")}`;
  return Number.isNaN(Date.parse(`${date}T${time}Z`))
    ? text
    : shortest(date, time, rest[4] ?? "+00:00");
}

function shortest(date: string, time: string, offset: string): string {
  const inUtc = offset === "+00:00";
  return inUtc && time === "00:00:00" ? date : `${date}T${time}${inUtc ? "Z" : offset}`;
}

/**
 * A moment in RFC 3339 form and UTC: the first moment of a date; without an offset, the moment in UTC. A text already in
 * that form, and any other text, stays unchanged.
 */
export function momentInUtc(text: string): string {
  const [, date, time = "00:00:00", offset = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[-+]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const moment = date === undefined ? NaN : Date.parse(`${date}T${time}${offset}`);
  if (Number.isNaN(moment) || date === undefined) {
    return text;
  }
  return offset === "Z"
    ? `${date}T${time}Z`
    : new Date(moment).toISOString().replace(/\.000Z$/, "Z");
}
