#!/bin/bash
# Brings the wallet key into the keyring, then registers the provider and its chain certificate.
provider-services keys import "$AKASH_FROM" "$AKASH_BOOT_KEYS/key.txt" < "$AKASH_BOOT_KEYS/key-pass.txt"
for step in wait_for_rpc create_provider refresh_provider_cert; do
  "/scripts/$step.sh" || exit
done
