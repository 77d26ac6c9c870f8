/**
 * A cache for checks of a cluster, each of which runs once in a run.
 *
 * @returns a function that returns the cached result for a cluster and a key, else calls `query`
 */
export function oncePerCluster(): (
  cluster: object,
  key: string,
  query: () => Promise<void>,
) => Promise<void> {
  const known = new WeakMap<object, Map<string, Promise<void>>>();
  return (cluster, key, query) => {
    const answers = known.get(cluster) ?? new Map<string, Promise<void>>();
    known.set(cluster, answers);
    const answer = answers.get(key) ?? query();
    answers.set(key, answer);
    return answer;
  };
}
