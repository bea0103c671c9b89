#!/bin/bash
# One file out of many: the header once.
set -e
first=1
for file in "$1"/batch-*.csv; do
  if [ "$first" = 1 ]; then cat "$file"; else tail -n +2 "$file"; fi
  first=0
done
