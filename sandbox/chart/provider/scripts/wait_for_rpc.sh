#!/bin/bash
# Returns once the chain's node answers and has caught up.
until curl -fs "$AKASH_NODE/status" | grep -q '"catching_up": *false'; do
  sleep 10
done
