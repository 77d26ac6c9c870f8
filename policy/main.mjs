// The SDK's runner has ts-node compile what it is told to run (@pulumi/pulumi, cmd/run-policy-pack), which knows no type
// stripping; what is imported from here, Node reads itself.
import "./index.ts";
