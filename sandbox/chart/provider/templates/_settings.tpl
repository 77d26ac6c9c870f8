{{/*
The provider's settings, one row each: `> NAME=value`. `standin.asData` writes rows as a ConfigMap's data and
`standin.asEnv` as a container's env, both already indented for their place. They put the value between quotes as it is, so a
quote or a line break in a value breaks the YAML, as it does in the published chart.
*/}}

{{- define "standin.asData" -}}
{{- range splitList "\n> " . | rest }}
{{- $row := splitn "=" 2 . }}
  {{ $row._0 }}: "{{ $row._1 }}"
{{- end }}
{{- end }}

{{- define "standin.asEnv" -}}
{{- range splitList "\n> " . | rest }}
{{- $row := splitn "=" 2 . }}
            - { name: {{ $row._0 }}, value: "{{ $row._1 }}" }
{{- end }}
{{- end }}

{{/* Who and where: init container and main container. */}}
{{- define "standin.rows.identity" }}
> AKASH_DEBUG={{ .Values.debug }}
> AKASH_BOOT_KEYS=/boot-keys
> AKASH_HOME={{ .Values.home }}
> AKASH_FROM={{ .Values.from }}
> AKASH_NODE={{ .Values.node }}
> AKASH_CHAIN_ID={{ .Values.chainid }}
> AKASH_KEYRING_BACKEND={{ .Values.keyringbackend }}
> AKASH_BROADCAST_MODE=block
{{- end }}

{{- define "standin.rows.gas" }}
> AKASH_GAS_PRICES={{ .Values.gasprices }}
> AKASH_GAS={{ .Values.gas }}
> AKASH_GAS_ADJUSTMENT={{ .Values.gasadjustment }}
{{- end }}

{{/* From here on the main container alone. */}}
{{- define "standin.rows.deployment" }}
> AKASH_VERSION={{ .Values.image.tag | default .Chart.AppVersion }}
> AKASH_YES=true
> AKASH_LOG_LEVEL=info
> AKASH_IP_OPERATOR={{ .Values.ipoperator }}
> AKASH_DEPLOYMENT_INGRESS_DOMAIN=ingress.{{ .Values.domain }}
> DEPLOYMENT_NETWORK_POLICIES_ENABLED={{ .Values.deploymentnetworkpoliciesenabled }}
> AKASH_DEPLOYMENT_INGRESS_STATIC_HOSTS=true
> AKASH_DEPLOYMENT_BLOCKED_HOSTNAMES=
> AKASH_CLUSTER_NODE_PORT_QUANTITY={{ .Values.cluster_node_port_quantity }}
{{- include "standin.rows.gas" . }}
> AKASH_CLUSTER_PUBLIC_HOSTNAME=provider.{{ .Values.domain }}
> AKASH_BID_PRICE_STRATEGY={{ if .Values.bidpricescript }}shellScript{{ else }}scale{{ end }}
{{- end }}

{{/* Read by the bid price script, so they do nothing without one. */}}
{{- define "standin.rows.script" }}
{{- if .Values.bidpricescript }}
> AKASH_BID_PRICE_SCRIPT_PATH=/scripts/price_script.sh
{{- end }}
{{- $targets := list "cpu" "memory" "hd_ephemeral" "hd_pers_hdd" "hd_pers_ssd" "hd_pers_nvme" "endpoint" "ip" "gpu_mappings" }}
{{- range concat (list "whitelist_url" "debug_bid_script") $targets }}
{{- $name := ternary (print "price_target_" .) . (has . $targets) }}
{{- with get $.Values $name }}
> {{ upper $name }}={{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Written to the ConfigMap -pricing, which the pod reads only if there is a row of `standin.rows.script` too. */}}
{{- define "standin.rows.unread" }}
{{- range $name, $value := dict
  "AUTH_PEM" .Values.authpem
  "BALANCES_PERIOD" .Values.balances_period
  "BID_DEPOSIT" .Values.bid_deposit
  "BID_DEPOSIT_CPU_DENOM" .Values.biddepositcpudenom
  "BID_DEPOSIT_ENDPOINT_DENOM" .Values.biddepositendpointdenom
  "BID_DEPOSIT_IP_DENOM" .Values.biddepositipdenom
  "BID_DEPOSIT_MEMORY_DENOM" .Values.biddepositmemorydenom
  "BID_DEPOSIT_STORAGE_DENOMS" .Values.biddepositstoragedenoms
  "BID_PRICE_CPU" .Values.bid_price_cpu
  "BID_PRICE_MEMORY" .Values.bid_price_memory
  "BID_PRICE_STORAGE" .Values.bid_price_storage
  "BID_TIMEOUT" .Values.bid_timeout
  "CLUSTER_STORAGE" .Values.cluster_storage_class
  "DEPLOYMENT_INGRESS_DOMAIN_CONFIG_SECRET_NAME" .Values.deployment_ingress_domain_config_secret_name
  "DEPLOYMENT_RUNTIME_CLASS" .Values.deployment_runtime_class
  "LEASE_FUNDS_MONITOR_INTERVAL" .Values.lease_funds_monitor_interval
  "MANIFEST_TIMEOUT" .Values.manifest_timeout
  "QUERY_TIMEOUT" .Values.query_timeout
  "RESOURCE_DEFINITION" .Values.resourcedefinition
  "WITHDRAWAL_PERIOD" .Values.withdrawal_period
}}
{{- if $value }}
> AKASH_{{ $name }}={{ $value }}
{{- end }}
{{- end }}
{{- end }}

{{/* dict "root" $ "endpointScale" value: the ConfigMap -main gets another value than the env does. */}}
{{- define "standin.rows.market" }}
> AKASH_BID_PRICE_CPU_SCALE={{ .root.Values.bidpricecpuscale }}
> AKASH_BID_PRICE_MEMORY_SCALE={{ .root.Values.bidpricememoryscale }}
> AKASH_BID_PRICE_ENDPOINT_SCALE={{ .endpointScale }}
> AKASH_BID_PRICE_STORAGE_SCALE={{ .root.Values.bidpricestoragescale }}
> AKASH_BID_PRICE_IP_SCALE={{ .root.Values.bidpriceipscale }}
{{- with .root.Values }}
{{- $monitor := .monitor | default dict }}
> AKASH_OVERCOMMIT_PCT_CPU={{ .overcommit_pct_cpu }}
> AKASH_OVERCOMMIT_PCT_MEM={{ .overcommit_pct_mem }}
> AKASH_OVERCOMMIT_PCT_STORAGE={{ .overcommit_pct_storage }}
> AKASH_CLUSTER_K8S=true
> KUBE_CONFIG={{ .home }}/.kube/config
> AKASH_DEPLOYMENT_RUNTIME_CLASS=none
> AKASH_WITHDRAWAL_PERIOD={{ .withdrawalperiod }}
{{- if .reclamationWindow }}
> AKASH_RECLAMATION_WINDOW={{ .reclamationWindow }}
{{- end }}
> AKASH_MINIMUM_BALANCE={{ .minimumbalance }}
> AKASH_BID_DEPOSIT={{ .bidmindeposit }}
> AKASH_TX_BROADCAST_TIMEOUT={{ .tx_broadcast_timeout }}
> AKASH_MONITOR_MAX_RETRIES={{ dig "maxRetries" 40 $monitor }}
> AKASH_MONITOR_RETRY_PERIOD={{ $monitor.retryPeriod | default "4s" }}
> AKASH_MONITOR_RETRY_PERIOD_JITTER={{ $monitor.retryPeriodJitter | default "15s" }}
> AKASH_MONITOR_HEALTHCHECK_PERIOD={{ $monitor.healthcheckPeriod | default "10s" }}
> AKASH_MONITOR_HEALTHCHECK_PERIOD_JITTER={{ $monitor.healthcheckPeriodJitter | default "5s" }}
{{- end }}
{{- end }}

{{- define "standin.rows.gateway" }}
> AP_INGRESS_MODE={{ if .Values.gatewayApi.enabled }}gateway-api{{ else }}ingress{{ end }}
> AP_GATEWAY_NAME={{ .Values.gatewayApi.gatewayName | default "" }}
> AP_GATEWAY_NAMESPACE={{ .Values.gatewayApi.gatewayNamespace | default .Release.Namespace }}
> AP_GATEWAY_IMPLEMENTATION={{ .Values.gatewayApi.implementation | default "nginx" }}
{{- end }}

{{- define "standin.rows.attestation" }}
{{- if or .Values.attestation.enabled .Values.attestation.webhookEnabled }}
> AKASH_ATTESTATION_WEBHOOK_ENABLED=true
> AKASH_ATTESTATION_WEBHOOK_PORT={{ .Values.attestation.webhookPort | default 9443 }}
> AKASH_ATTESTATION_SIDECAR_IMAGE={{ include "standin.sidecarImage" . }}
{{- end }}
{{- end }}

{{- define "standin.rows.letsEncrypt" }}
{{- with .Values.letsEncrypt }}
> AP_CERT_ISSUER_ENABLED=true
{{- with .acme.email | default $.Values.email }}
> AP_CERT_ISSUER_EMAIL={{ . }}
{{- end }}
{{- with .acme.caDirUrl }}
> AP_CERT_ISSUER_CA_DIR_URL={{ . }}
{{- end }}
{{- with .acme.httpChallengePort }}
> AP_CERT_ISSUER_HTTP_CHALLENGE_PORT={{ . }}
{{- end }}
{{- if .providers.cloudflare.enabled }}
> AP_CERT_ISSUER_DNS_PROVIDERS=cloudflare
{{- else if .providers.googleCloud.enabled }}
> AP_CERT_ISSUER_DNS_PROVIDERS=googleCloud
{{- end }}
{{- end }}
{{- end }}
