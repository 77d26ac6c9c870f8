#!/bin/sh
# Bids one uakt a block whatever is ordered.
echo 1
