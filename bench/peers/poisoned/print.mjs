// One item for GNU parallel: its rows on stdout, each as soon as it is there.
import { writeSync } from 'node:fs';
import { rowsOf } from './item.mjs';

for await (const row of rowsOf(Number(process.argv[2]))) writeSync(1, row);
