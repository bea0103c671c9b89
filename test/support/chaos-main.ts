// `npm run chaos -- --kills 200 --seed 1`: see chaos.ts. `--rounds 7` repeats single rounds of a seed.
import { parseArgs } from 'node:util';
import { parseIndexSet } from '../../src/core/index-set.ts';
import { Chaos, type Round } from './chaos.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rounds: { type: 'string' },
  },
});
const seed = Number(values.seed);
const chaos = new Chaos(seed);
const rounds: Round[] = [];
const since = performance.now();
console.log(`seed ${seed}`);
if (values.rounds === undefined) for await (const round of chaos.rounds(Number(values.kills))) show(round);
else {
  for (const [start, end] of parseIndexSet(values.rounds))
    for (let number = start; number < end; number++) show(await chaos.round(number, 6));
}
summarise();

function show(round: Round): void {
  rounds.push(round);
  const { number, seed: own, scenario, kills, resumes, restarts, orphanMs, failures } = round;
  const hits = kills.map(({ target, instant, at }) => `${target} at ${at} ms (${instant})`).join(', ') || 'nobody';
  console.log(
    `round ${number}, seed ${own}, ${scenario}: killed ${hits}; ${resumes} resumes, ${restarts} restarts, orphans ${Math.round(orphanMs)} ms: ${failures.length === 0 ? 'ok' : 'FAILED'}`,
  );
  for (const failure of failures) console.log(`  ${failure}`);
  if (failures.length > 0) console.log(`  see ${round.folder}`);
}

function summarise(): void {
  const byTarget = new Map<string, number>();
  for (const { kills } of rounds) for (const { target } of kills) byTarget.set(target, (byTarget.get(target) ?? 0) + 1);
  const sum = (of: (round: Round) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  const failed = rounds.filter(({ failures }) => failures.length > 0);
  console.log(
    [
      `${sum(({ kills }) => kills.length)} kills (${[...byTarget].map(([target, count]) => `${target} ${count}`).join(', ')}) in ${rounds.length} rounds, seed ${seed}`,
      `${sum(({ resumes }) => resumes)} resumes, ${sum(({ restarts }) => restarts)} restarts of what was no run yet, ${Math.round((performance.now() - since) / 1000)} s`,
      `longest time until everything was gone after a parent's death: ${Math.round(Math.max(0, ...rounds.map(({ orphanMs }) => orphanMs)))} ms`,
      failed.length === 0 ? 'no failures' : `FAILED rounds: ${failed.map(({ number }) => number).join(',')}`,
    ].join('\n'),
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}
