import { runtime } from "@pulumi/pulumi";

/*
 * Removes the stack's configuration from the environment, where Pulumi puts it with every secret in plain text, so that no
 * child process of the program inherits it, such as a kubeconfig's credential plugin.
 *
 * The SDK reads both variables once, when it creates its store (@pulumi/pulumi, runtime/state.js, `LocalStore`), and later
 * only the store (runtime/config.js).
 */
// Creates the store, if it does not exist yet.
runtime.allConfig();
delete process.env.PULUMI_CONFIG;
delete process.env.PULUMI_CONFIG_SECRET_KEYS;
