#!/bin/bash
# Starts the provider; the issuer's flags come from the ConfigMap -letsencrypt.
/scripts/wait_for_rpc.sh
/scripts/refresh_provider_cert.sh
command="/usr/bin/provider-services run"
for flag in enabled email ca-dir-url dns-providers http-challenge-port; do
  name="AP_CERT_ISSUER_$(tr a-z- A-Z_ <<< "$flag")"
  [[ $AP_CERT_ISSUER_ENABLED == true && -n ${!name} ]] && command+=" --cert-issuer-$flag=${!name}"
done
echo "Final command: $command"
exec $command
