import { frameworkBridge } from "../bridge.ts";
import type { Plugin } from "../plugin.ts";
import { randomId } from "./ids.ts";
import { randomPassword, randomString } from "./strings.ts";

/** The stand-in for `pulumi-resource-random`, which has no settings and makes no calls. */
export const randomPlugin: Plugin<object> = {
  name: "random",
  settings: {},
  bridge: frameworkBridge,
  connect: () => ({}),
  resources: {
    "random:index/randomId:RandomId": randomId,
    "random:index/randomString:RandomString": randomString,
    "random:index/randomPassword:RandomPassword": randomPassword,
  },
  functions: {},
};
