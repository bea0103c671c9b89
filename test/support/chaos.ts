// Strikes a run at random instants (kills, and other faults), resumes it until it is done, and looks whether the result is the undisturbed one.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCENARIOS, type Scenario } from './chaos-plan.ts';
import { ALWAYS, plant } from './chaos-poison.ts';
import { type Reference, undisturbed } from './chaos-reference.ts';
import { type Hit, RunningRound } from './chaos-round.ts';
import { killAll } from './marked.ts';
import { Random } from './random.ts';
import { canMount, SmallDisk } from './small-disk.ts';

/** The most blows of a round. */
const MOST = 6;
/** How much longer a run with poison takes, about, in milliseconds. */
const POISONED = 3000;
const DISK = '64m';

export interface Round {
  readonly number: number;
  readonly seed: number;
  readonly scenario: string;
  readonly folder: string;
  readonly hits: readonly Hit[];
  /** The kinds of the poisoned items. */
  readonly poisons: readonly string[];
  /** How often an attempt or a try ended with each cause. */
  readonly causes: ReadonlyMap<string, number>;
  /** Sessions that continued the run, and ones that had to start it once more. */
  readonly resumes: number;
  readonly restarts: number;
  /** The longest time until everything was gone after a parent's death, in milliseconds. */
  readonly orphanMs: number;
  /** Children that outlived their parent because their guard had been killed a moment before; the next session has ended them. */
  readonly leftovers: number;
  /** What was wrong; the folder stays for a look at it. */
  readonly failures: readonly string[];
}

/** Makes rounds until enough processes were killed. Undisturbed results are computed once for each scenario. */
export class Chaos {
  readonly #seed: number;
  readonly #references = new Map<string, Promise<Reference>>();
  readonly #hasDisks = canMount();
  #rounds = 0;

  constructor(seed: number) {
    this.#seed = seed;
    if (!this.#hasDisks) console.warn('SKIPPED: a full disk, which is a small tmpfs and takes root on Linux');
  }

  /** Rounds until `kills` processes were killed, so many at a time: most of a round is waiting. */
  async *rounds(kills: number, lanes = 1): AsyncGenerator<Round> {
    const running = new Map<number, Promise<Round>>();
    for (let killed = 0; ;) {
      const wanted = killed < kills ? lanes : 0;
      for (; running.size < wanted; this.#rounds++) running.set(this.#rounds, this.round(this.#rounds));
      if (running.size === 0) return;
      const round = await Promise.race(running.values());
      running.delete(round.number);
      killed += round.hits.filter(({ kill }) => kill).length;
      yield round;
    }
  }

  /** One round. */
  async round(number: number): Promise<Round> {
    const seed = (Math.imul(this.#seed, 1_000_003) + number) >>> 0;
    const random = new Random(seed);
    const scenario = SCENARIOS[number % SCENARIOS.length] ?? random.pick(SCENARIOS);
    const planted = random.chance(0.5) ? plant(random, scenario.count) : undefined;
    const wantsDisk = random.chance(0.3);
    const found = await this.#reference(scenario, planted !== undefined);
    const folder = mkdtempSync(join(tmpdir(), 'shardyard-chaos-'));
    const disk = wantsDisk && this.#hasDisks ? new SmallDisk(folder, DISK) : undefined;
    mkdirSync(join(folder, 'tmp'));
    const reference = { ...found, ms: planted ? found.ms + POISONED : found.ms };
    const round = new RunningRound({ folder, scenario, planted, disk, reference, random, most: random.int(1, MOST) });
    await round
      .play()
      .catch((error: unknown) => round.failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    await killAll(round.mark);
    const { hits, causes, resumes, restarts, orphanMs, leftovers, failures } = round;
    // What is to be looked at must not be in memory.
    if (disk && failures.length > 0) cpSync(folder, `${folder}-kept`, { recursive: true });
    disk?.unmount();
    if (disk || failures.length === 0) rmSync(folder, { recursive: true, force: true });
    const name = `${scenario.name}${planted ? ', poisoned' : ''}${disk ? ', small disk' : ''}`;
    const poisons = planted?.kinds ?? [];
    const kept = disk ? `${folder}-kept` : folder;
    return { number, seed, scenario: name, folder: kept, hits, poisons, causes, resumes, restarts, orphanMs, leftovers, failures };
  }

  #reference(scenario: Scenario, poisoned: boolean): Promise<Reference> {
    const name = `${scenario.name} ${poisoned}`;
    const known = this.#references.get(name) ?? undisturbed(scenario, poisoned ? ALWAYS : []);
    this.#references.set(name, known);
    return known;
  }
}
