// Freezes a file of items and prints their number: node freeze-main.ts <source> <frozen>. For tests of memory, in a process of its own.
import { freezeItems } from '../../src/input/freeze.ts';
import { openItems } from '../../src/input/source.ts';

const [spec = '', file = ''] = process.argv.slice(2);
const source = openItems(spec, { stdin: process.stdin });
if (source.kind === 'range') throw new Error('a range');
let items = 0;
const { count } = await freezeItems({ items: source.items(), key: () => items++, file });
process.stdout.write(String(count));
