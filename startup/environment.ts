import { runtime } from "@pulumi/pulumi";

/*
 * Takes the stack's configuration out of the environment, where Pulumi puts it with every secret in clear, so that no
 * process that the program starts is handed it, such as a kubeconfig's credential plugin.
 *
 * The SDK reads both variables once, when its store is made (@pulumi/pulumi, runtime/state.js, `LocalStore`), and from
 * then on the store (runtime/config.js).
 */
// Makes the store, where there is none yet.
runtime.allConfig();
delete process.env.PULUMI_CONFIG;
delete process.env.PULUMI_CONFIG_SECRET_KEYS;
