// `npm run chaos -- --kills 200 --seed 1`: see chaos.ts. `--rounds 7` repeats single rounds of a seed, `--lanes 3` makes three at a time.
// `npm run chaos -- --orphans 50` does something else: it measures how long orphans live (orphans.ts).
import { parseArgs } from 'node:util';
import { parseIndexSet } from '../../src/core/index-set.ts';
import { Chaos, type Round } from './chaos.ts';
import { measureOrphans } from './orphans-main.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    lanes: { type: 'string', default: '1' },
    rounds: { type: 'string' },
    orphans: { type: 'string' },
  },
});
const seed = Number(values.seed);
const rounds: Round[] = [];
const since = performance.now();
if (values.orphans === undefined) await makeRounds();
else await measureOrphans(Number(values.orphans));

async function makeRounds(): Promise<void> {
  const chaos = new Chaos(seed);
  console.log(`seed ${seed}`);
  if (values.rounds === undefined) for await (const round of chaos.rounds(Number(values.kills), Number(values.lanes))) show(round);
  else {
    for (const [start, end] of parseIndexSet(values.rounds))
      for (let number = start; number < end; number++) show(await chaos.round(number));
  }
  summarise();
}

function show(round: Round): void {
  rounds.push(round);
  const { number, seed: own, scenario, hits, poisons, resumes, restarts, orphanMs, failures } = round;
  const struck = hits.map(({ blow, instant, at }) => `${blow} at ${at} ms (${instant})`).join(', ') || 'nobody';
  console.log(
    `round ${number}, seed ${own}, ${scenario}${poisons.length > 0 ? ` (${poisons.join(', ')})` : ''}: struck ${struck}; ${resumes} resumes, ${restarts} restarts, orphans ${Math.round(orphanMs)} ms: ${failures.length === 0 ? 'ok' : 'FAILED'}`,
  );
  for (const failure of failures) console.log(`  ${failure}`);
  if (failures.length > 0) console.log(`  see ${round.folder}`);
}

function summarise(): void {
  const sum = (of: (round: Round) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  const counts = (names: Iterable<string>): string => {
    const found = new Map<string, number>();
    for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
    return listed(found);
  };
  const hits = rounds.flatMap((round) => round.hits);
  const [kills, faults] = [hits.filter(({ kill }) => kill), hits.filter(({ kill }) => !kill)];
  const causes = new Map<string, number>();
  for (const round of rounds) for (const [cause, count] of round.causes) causes.set(cause, (causes.get(cause) ?? 0) + count);
  const failed = rounds.filter(({ failures }) => failures.length > 0);
  console.log(
    [
      `${kills.length} kills (${counts(kills.map(({ blow }) => blow))}) and ${faults.length} other faults (${counts(faults.map(({ blow }) => blow))}) in ${rounds.length} rounds, seed ${seed}`,
      `poisoned items: ${counts(rounds.flatMap(({ poisons }) => poisons))}; ends of attempts and tries: ${listed(causes)}`,
      `${sum(({ resumes }) => resumes)} resumes, ${sum(({ restarts }) => restarts)} restarts of what was no run yet, ${Math.round((performance.now() - since) / 1000)} s`,
      `longest time until everything was gone after a parent's death: ${Math.round(Math.max(0, ...rounds.map(({ orphanMs }) => orphanMs)))} ms; ${sum(({ leftovers }) => leftovers)} left to the next session, their guard having been killed too`,
      failed.length === 0 ? 'no failures' : `FAILED rounds: ${failed.map(({ number }) => number).join(',')}`,
    ].join('\n'),
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
}
