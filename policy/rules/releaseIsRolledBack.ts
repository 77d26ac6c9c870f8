import { known, type Rule } from "../rule.ts";

export const releaseIsRolledBack: Rule = {
  name: "release-can-be-put-back",
  description: "A Helm release uses the post-renderer, and is rolled back where its rollout fails.",
  types: ["kubernetes:helm.sh/v3:Release"],
  check: ({ props }) => {
    const atomic = known(() => props.atomic);
    const postrender = known(() => props.postrender);
    return [
      ...(atomic === true
        ? []
        : [
            "A failed rollout would not be rolled back: atomic is not true. AkashProvider sets it.",
          ]),
      ...(typeof postrender === "string" && /(?:^|\/)chart\/postrender$/.test(postrender)
        ? []
        : [
            "The chart's defects would not be repaired: postrender is not chart/postrender. AkashProvider sets it.",
          ]),
    ];
  },
};
