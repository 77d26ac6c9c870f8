import { PolicyPack } from "@pulumi/policy";
import { validatorOf } from "./rule.ts";
import { rules } from "./rules/index.ts";

/** The policies as a pack, which Pulumi runs beside the program: `pulumi preview --policy-pack policy`. */
new PolicyPack("akash-provider", {
  description: "What a stack of an Akash provider must not do",
  enforcementLevel: "mandatory",
  policies: rules.map((rule) => ({
    name: rule.name,
    description: rule.description,
    validateResource: validatorOf(rule),
  })),
});
