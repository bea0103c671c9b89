// The plain loop: the rows of `workers/row.mjs` for the numbers below `count`, written to a file in pieces of 64 KiB.
import { closeSync, openSync, writeSync } from 'node:fs';

const [, , count, file] = process.argv;
const output = openSync(file, 'w');
let text = 'n,square\n';
for (let index = 0; index < Number(count); index++) {
  const n = String(index);
  const row = { n, square: Number(n) * Number(n) };
  text += `${row.n},${row.square}\n`;
  if (text.length >= 1 << 16) {
    writeSync(output, text);
    text = '';
  }
}
writeSync(output, text);
closeSync(output);
