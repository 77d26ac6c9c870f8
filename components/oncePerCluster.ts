/**
 * A memory of what was looked at in a cluster: once a run is enough.
 *
 * @returns what gives the answer that there is for a cluster and a key, else has `look` find it
 */
export function oncePerCluster(): (
  cluster: object,
  key: string,
  look: () => Promise<void>,
) => Promise<void> {
  const known = new WeakMap<object, Map<string, Promise<void>>>();
  return (cluster, key, look) => {
    const answers = known.get(cluster) ?? new Map<string, Promise<void>>();
    known.set(cluster, answers);
    const answer = answers.get(key) ?? look();
    answers.set(key, answer);
    return answer;
  };
}
