#!/bin/bash
# Ten copies in the background, each with a tenth of the symbols.
set -e
rm -rf parts && mkdir -p parts data/training logs
split --number=l/10 --numeric-suffixes symbols.txt parts/
for part in parts/*; do
  number=$(basename "$part")
  node "$GENERATOR" --symbols "$(paste -sd, "$part")" --name "batch-$number" > "logs/batch-$number.log" 2>&1 &
done
wait
bash "$COMBINE" data/training > all.csv
echo "done: $(wc -l < all.csv) lines"
