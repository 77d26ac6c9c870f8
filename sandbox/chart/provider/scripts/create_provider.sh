#!/bin/bash
# Tells the chain what the provider is.
cat > /tmp/provider.json <<'DOCUMENT'
{{ dict
  "host" (printf "https://provider.%v:8443" .Values.domain)
  "owner" .Values.from
  "info" (dict "email" .Values.email "website" .Values.website)
  "attributes" .Values.attributes | toJson }}
DOCUMENT
provider-services tx provider update /tmp/provider.json || provider-services tx provider create /tmp/provider.json
