// First, so that the SDK's debug messages show no secret.
import "akash-provider-letsencrypt/debugMessages";
import {
  AkashProvider,
  CloudflareDnsCredential,
  Cluster,
  providerConsumer,
} from "akash-provider-letsencrypt";
import { Zone } from "@pulumi/cloudflare/zone.js";
import { Config } from "@pulumi/pulumi";

const config = new Config();
const domain = config.require("domain");
const cluster = new Cluster("cluster", { context: config.get("kubeContext") });

const zone = new Zone("zone", { name: domain, account: { id: config.require("accountId") } });

const credential = new CloudflareDnsCredential("dns", {
  cluster,
  consumers: [providerConsumer({ dnsProvider: "cloudflare" })],
  domain,
  zone: domain,
  zoneId: zone.id,
});

const provider = new AkashProvider("provider", {
  cluster,
  credential,
  domain,
  email: config.require("email"),
  account: config.require("account"),
  wallet: {
    key: config.requireSecret("walletKey"),
    password: config.requireSecret("walletPassword"),
  },
  directoryUrl: config.require("directoryUrl"),
});

export const { nameServers } = zone;
export const { revision } = provider;
