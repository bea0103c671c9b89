// A generator as people have it: some symbols, a name, a file that grows while it works.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { symbols, name } = parseArgs({ options: { symbols: { type: 'string' }, name: { type: 'string' } } }).values;
mkdirSync('data/training', { recursive: true });
writeFileSync(`data/training/${name}.pid`, String(process.pid));
const file = `data/training/${name}.csv`;
writeFileSync(file, 'symbol,day,close\n');
for (const symbol of symbols.split(',')) {
  await sleep(Number(process.env.BENCH_MS ?? 100));
  for (let day = 0; day < 36; day++) appendFileSync(file, `${symbol},${day},${(symbol.length * 100 + day / 7).toFixed(4)}\n`);
}
