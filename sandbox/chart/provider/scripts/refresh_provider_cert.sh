#!/bin/bash
# Renews the chain certificate where less than a week is left of it.
openssl x509 -noout -checkend 604800 -in /config/provider.pem && exit
provider-services tx cert generate server "provider.{{ .Values.domain }}" --overwrite
provider-services tx cert publish server
