/**
 * Lets the SDK record where a resource was made relative to the project.
 *
 * It takes the file of a stack frame for a path, but in an ES module that is a URL (`file:///…`), from which it makes a
 * position with this machine's absolute path in it, and that goes into the state (@pulumi/pulumi, resource.js,
 * `stackTrace`).
 */
Error.prepareStackTrace = (error, frames: readonly Frame[]) =>
  [
    String(error),
    ...frames.map((frame) => `    at ${frame.toString().replace("file://", "")}`),
  ].join("\n");

/** V8's call sites format themselves, which their type does not say. */
interface Frame {
  toString(): string;
}
