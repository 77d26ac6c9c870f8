import { known, type Rule } from "../rule.ts";

export const releaseCanBePutBack: Rule = {
  name: "release-can-be-put-back",
  description: "A Helm release goes through the post-renderer, and back where its rollout fails.",
  types: ["kubernetes:helm.sh/v3:Release"],
  check: ({ props }) => {
    const atomic = known(() => props.atomic);
    const postrender = known(() => props.postrender);
    return [
      ...(atomic === true
        ? []
        : ["A rollout that fails would stay as it is: atomic is not true. AkashProvider sets it."]),
      ...(typeof postrender === "string" && /(?:^|\/)chart\/postrender$/.test(postrender)
        ? []
        : [
            "The chart's defects would not be repaired: postrender is not chart/postrender. AkashProvider sets it.",
          ]),
    ];
  },
};
