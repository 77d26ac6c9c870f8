// The SDK's runner compiles its entry file with ts-node (@pulumi/pulumi, cmd/run-policy-pack), which does not support type
// stripping; Node itself loads the files that are imported here.
import "./index.ts";
