import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import {
  AkashProvider,
  CloudflareDnsCredential,
  Cluster,
  GcpDnsCredential,
  providerConsumer,
  type CloudflareDnsCredentialArgs,
  type GcpDnsCredentialArgs,
} from "../../components/index.ts";
import { providerArguments } from "./arguments.ts";
import { allRegistered, runProgram, type ProgramRun, type RegisteredResource } from "./mocks.ts";

/** Arguments of any type, as in a program without type checks. */
export type Untyped = Readonly<Record<string, unknown>>;

/** A component with its required arguments, and its constructor for other arguments. */
export interface Subject {
  readonly component: string;
  readonly make: (
    cluster: Cluster,
    args?: Untyped,
    opts?: pulumi.ComponentResourceOptions,
  ) => AkashProvider | GcpDnsCredential | CloudflareDnsCredential;
}

/** The three components, each named `x`. */
export const google: Subject = {
  component: "GcpDnsCredential",
  make: (cluster, args, opts) =>
    new GcpDnsCredential("x", { ...googleArguments(cluster), ...args }, opts),
};
export const cloudflare: Subject = {
  component: "CloudflareDnsCredential",
  make: (cluster, args, opts) =>
    new CloudflareDnsCredential("x", { ...cloudflareArguments(cluster), ...args }, opts),
};
export const provider: Subject = {
  component: "AkashProvider",
  make: (cluster, args, opts) =>
    new AkashProvider("x", { ...providerArguments(cluster), ...args }, opts),
};

/** The required arguments of a GcpDnsCredential. */
export function googleArguments(cluster: Cluster): GcpDnsCredentialArgs {
  return {
    cluster,
    consumers: [providerConsumer({ dnsProvider: "googleCloud" })],
    domain: "example.com",
    project: "dns-project",
    managedZone: "example-com",
  };
}

/** The required arguments of a CloudflareDnsCredential. */
export function cloudflareArguments(cluster: Cluster): CloudflareDnsCredentialArgs {
  return {
    cluster,
    consumers: [providerConsumer({ dnsProvider: "cloudflare" })],
    domain: "example.com",
    zone: "example.com",
    zoneId: "zone-id",
  };
}

/** Runs a program, and waits for all its registrations. */
export async function run(
  program: (cluster: Cluster) => pulumi.Inputs | Promise<pulumi.Inputs> | undefined,
): Promise<ProgramRun> {
  return runProgram("home", async () => {
    const outputs = await program(new Cluster("cluster"));
    await allRegistered();
    return outputs ?? {};
  });
}

/**
 * Creates a component in a program of its own.
 *
 * @param opts returns its options, inside the program
 */
export function make(
  { make }: Subject,
  args?: Untyped,
  opts?: () => pulumi.ComponentResourceOptions,
): Promise<ProgramRun> {
  return run((cluster) => {
    make(cluster, args, opts?.());
    return undefined;
  });
}

/** The resource with this name, which must exist. */
export function find({ resources }: ProgramRun, name: string): RegisteredResource {
  const found = resources.find((resource) => resource.name === name);
  assert(found !== undefined, `no resource ${name}`);
  return found;
}
