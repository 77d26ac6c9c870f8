import { Provider } from "@pulumi/kubernetes/provider.js";

/**
 * The Kubernetes provider of the stack's cluster, taken from the kubeconfig of whoever runs Pulumi.
 *
 * @param context the kubeconfig's context. Default: its current one
 */
export function clusterProvider(context?: string): Provider {
  return new Provider(
    "cluster",
    {
      ...(context !== undefined && { context }),
      // A Secret's new content must take the place of the old in one step, without a moment in which it is missing.
      enableSecretMutable: true,
    },
    {
      // The SDK copies $KUBECONFIG into the inputs (provider.js), and the path would be a change on every other
      // machine. The plugin reads the variable itself.
      transformations: [
        ({ props, opts }) => ({ props: { ...props, kubeconfig: undefined }, opts }),
      ],
    },
  );
}
