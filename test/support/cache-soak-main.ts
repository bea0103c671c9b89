/** `npm run soak:cache -- [--minutes 5] [--runs 4] [--processes 8] [--seed N]`: many writers on one cache, killed at random; ends with 1 if anything is lost. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { soakCache } from './cache-soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    runs: { type: 'string', default: '4' },
    processes: { type: 'string', default: '8' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'shardyard-cache-soak-'));
console.log(`seed ${values.seed}`);
try {
  const found = await soakCache({
    folder,
    runs: Number(values.runs),
    processes: Number(values.processes),
    seed: Number(values.seed),
    kills: 0,
    ms: Number(values.minutes) * 60_000,
    say: (line) => console.log(line),
  });
  console.log(found);
  process.exitCode = found.lost + found.damaged + found.errors.length > 0 || found.fault !== null ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
