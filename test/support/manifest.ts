import { encodeParameters, parametersAnnotation, type Parameters } from "../../chart/parameters.ts";

export const http01: Parameters["challenge"] = { type: "http-01" };

export const googleCloudDns01: Parameters["challenge"] = {
  type: "dns-01",
  dnsProvider: "googleCloud",
  credentialDigest: "0123456789abcdef",
  environment: { GCE_PROJECT: "dns-project", GCE_ZONE_ID: "example-com" },
};

export const cloudflareDns01: Parameters["challenge"] = {
  type: "dns-01",
  dnsProvider: "cloudflare",
  credentialDigest: "fedcba9876543210",
};

/** The variations of {@link chartManifest}. */
export interface ChartManifestOptions {
  readonly challenge?: Parameters["challenge"];
  readonly chartVersion?: string;
  readonly directoryUrl?: string;
  readonly walletDigest?: string;
  /** Lines of the Let's Encrypt ConfigMap that a chart without a defect would render. */
  readonly settings?: readonly string[];
  /** Pod annotations that a chart without a defect would render. */
  readonly podAnnotations?: readonly string[];
  readonly email?: string;
  readonly price?: string;
}

/** A manifest with the objects and the defects of the chart `provider` that the repairs read. */
export function chartManifest({
  challenge = http01,
  chartVersion = "19.0.2",
  directoryUrl = "https://acme-v02.api.letsencrypt.org/directory",
  walletDigest = "00112233445566ff",
  settings = [],
  podAnnotations = [],
  email = "operator@example.com",
  price = "0.004",
}: ChartManifestOptions = {}): string {
  const parameters = encodeParameters({ challenge, walletDigest });
  const dnsProvider = challenge.type === "dns-01" ? challenge.dnsProvider : undefined;
  return `---
# Source: provider/templates/serviceaccount.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: akash-provider
  labels:
    helm.sh/chart: provider-${chartVersion.replace("+", "_")}
  annotations:
    ${parametersAnnotation}: '${parameters}'
---
# Source: provider/templates/secret.yaml
apiVersion: v1
kind: Secret
metadata:
  name: akash-provider-keys
data:
  key.txt:
  key-pass.txt:
${secret(dnsProvider)}---
# Source: provider/templates/configmap-main.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: akash-provider-main
data:
  # a comment that stays
  AKASH_BID_PRICE_CPU_SCALE:   "${price}"
---
# Source: provider/templates/configmap-scripts.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: akash-provider-script
data:
  run.sh: |
    #!/bin/bash
    ---
    echo run
  liveness_checks.sh: |
    #!/bin/bash
    openssl x509 -in /config/provider.pem -checkend 3600 -noout
---
# Source: provider/templates/letsencrypt-configmap.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: akash-provider-letsencrypt
data:
  AP_CERT_ISSUER_ENABLED: "true"
  AP_CERT_ISSUER_EMAIL: "${email}"
  AP_CERT_ISSUER_CA_DIR_URL: "${directoryUrl}"
  AP_CERT_ISSUER_HTTP_CHALLENGE_PORT: "5002"
${[...(dnsProvider === undefined ? [] : [`AP_CERT_ISSUER_DNS_PROVIDERS: "${dnsProvider}"`]), ...settings].map((line) => `  ${line}\n`).join("")}---
# Source: provider/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: akash-provider
spec:
  ports: [{name: http-challenge, port: 80, targetPort: 5002}]
---
# Source: provider/templates/statefulset.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: akash-provider
spec:
  template:
    metadata:
      annotations:
        checksum/cm-scripts: abc
${podAnnotations.map((line) => `        ${line}\n`).join("")}    spec:
      containers:
        - name: provider
          envFrom:
            - configMapRef:
                name: akash-provider-main
            - configMapRef:
                name: akash-provider-letsencrypt
          env:
            - name: AKASH_HOME
              value: "/root/.akash"
${credentialEnvironment(dnsProvider)}          ports:
            - name: http-challenge
              containerPort: 5002
          livenessProbe:
            exec:
              command:
              - sh
              - -c
              - /scripts/liveness_checks.sh
            initialDelaySeconds: 240
            periodSeconds: 30
            failureThreshold: 1
            timeoutSeconds: 30
          volumeMounts:
            - name: scripts
              mountPath: /scripts
              readOnly: true
            - name: home
              mountPath: "/root/.akash"
${dnsProvider === "googleCloud" ? "            - name: gcp-service-account\n              mountPath: /etc/gcp\n" : ""}      volumes:
        - name: keys
          secret:
            secretName: akash-provider-keys
        - name: scripts
          configMap:
            name: akash-provider-script
            defaultMode: 0744
${dnsProvider === "googleCloud" ? "        - name: gcp-service-account\n          secret:\n            secretName: akash-provider-gcp-dns\n" : ""}`;
}

type DnsProvider = "googleCloud" | "cloudflare" | undefined;

function secret(dnsProvider: DnsProvider): string {
  if (dnsProvider === undefined) {
    return "";
  }
  const suffix = { googleCloud: "gcp-dns", cloudflare: "cloudflare-dns" }[dnsProvider];
  return `---
apiVersion: v1
kind: Secret
metadata:
  name: akash-provider-${suffix}
data:
  credential: ""
`;
}

function credentialEnvironment(dnsProvider: DnsProvider): string {
  switch (dnsProvider) {
    case "cloudflare":
      return `            - name: CF_DNS_API_TOKEN
              valueFrom:
                secretKeyRef:
                  name: akash-provider-cloudflare-dns
                  key: CF_DNS_API_TOKEN
`;
    case "googleCloud":
      return `            - name: GCE_SERVICE_ACCOUNT_FILE
              value: "/etc/gcp/service-account.json"
`;
    case undefined:
      return "";
  }
}
