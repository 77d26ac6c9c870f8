/** No file imports itself through others, not even for a type: what is in a circle can only be understood together. */
module.exports = {
  forbidden: [{ name: "no-circle", severity: "error", from: {}, to: { circular: true } }],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    exclude: { path: "(^|/)(node_modules|dist|\\.sandbox[^/]*)/" },
    includeOnly: { path: "\\.(ts|mjs)$" },
  },
};
