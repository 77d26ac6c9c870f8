/**
 * Makes the SDK record the source position of a resource relative to the project.
 *
 * The SDK reads the file of a stack frame as a path. In an ES module the file is a URL (`file:///…`), so the SDK would store
 * a position with this machine's absolute path in the state (@pulumi/pulumi, resource.js, `stackTrace`).
 */
Error.prepareStackTrace = (error, frames: readonly Frame[]) =>
  [
    String(error),
    ...frames.map((frame) => `    at ${frame.toString().replace("file://", "")}`),
  ].join("\n");

/** V8's call sites format themselves; their type omits this. */
interface Frame {
  toString(): string;
}
