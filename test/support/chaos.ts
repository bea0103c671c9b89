// Kills processes of a run at random instants, resumes it until it is done, and looks whether the result is the undisturbed one.
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseLine } from '../../src/store/journal.ts';
import { type Continuing, continuing, instantFor, type Instant, SCENARIOS, type Scenario, type Target, targetFor } from './chaos-plan.ts';
import { JournalTail } from './journal-tail.ts';
import { gone, killAll, killMarked, type Marked, processesOf } from './marked.ts';
import { Random } from './random.ts';
import { type Ended, runSession, type Session, startSession } from './session.ts';

/** SPEC P5: milliseconds within which everything is gone when the parent dies. */
const ORPHAN_LIMIT = 2000;
/** A session that takes so much longer than an undisturbed one hangs. */
const PATIENCE = 60_000;
const RUN = 'r';

/** One kill that hit: whom, and how long after the start of its session (ms). */
export interface Kill {
  readonly target: Target;
  readonly instant: string;
  readonly at: number;
}

export interface Round {
  readonly number: number;
  readonly seed: number;
  readonly scenario: string;
  readonly folder: string;
  readonly kills: readonly Kill[];
  /** Sessions that continued the run, and ones that had to start it once more. */
  readonly resumes: number;
  readonly restarts: number;
  /** The longest time until everything was gone after a parent's death, in milliseconds. */
  readonly orphanMs: number;
  /** What was wrong; the folder stays for a look at it. */
  readonly failures: readonly string[];
}

interface Reference {
  readonly sha256: string;
  /** What an undisturbed run takes, in milliseconds. */
  readonly ms: number;
}

/** Makes rounds until enough processes were killed. Undisturbed results are computed once for each scenario. */
export class Chaos {
  readonly #seed: number;
  readonly #references = new Map<Scenario, Promise<Reference>>();
  #rounds = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Rounds until `kills` processes were killed. */
  async *rounds(kills: number): AsyncGenerator<Round> {
    for (let killed = 0; killed < kills;) {
      const round = await this.round(this.#rounds++, kills - killed);
      killed += round.kills.length;
      yield round;
    }
  }

  /** One round, of at most so many kills. */
  async round(number: number, most: number): Promise<Round> {
    const seed = (Math.imul(this.#seed, 1_000_003) + number) >>> 0;
    const random = new Random(seed);
    const scenario = SCENARIOS[number % SCENARIOS.length] ?? random.pick(SCENARIOS);
    const reference = await this.#reference(scenario);
    const folder = mkdtempSync(join(tmpdir(), 'shardyard-chaos-'));
    const round = new RunningRound({ folder, scenario, reference, random, most: Math.min(most, random.int(1, 6)) });
    await round
      .play()
      .catch((error: unknown) => round.failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    await killAll(round.mark);
    if (round.failures.length === 0) rmSync(folder, { recursive: true, force: true });
    const { kills, resumes, restarts, orphanMs, failures } = round;
    return { number, seed, scenario: scenario.name, folder, kills, resumes, restarts, orphanMs, failures };
  }

  #reference(scenario: Scenario): Promise<Reference> {
    const known = this.#references.get(scenario) ?? undisturbed(scenario);
    this.#references.set(scenario, known);
    return known;
  }
}

async function undisturbed(scenario: Scenario): Promise<Reference> {
  const folder = mkdtempSync(join(tmpdir(), 'shardyard-chaos-'));
  const since = performance.now();
  const { code, stderr } = await runSession(['run', ...scenario.args, '--name', RUN, '--progress', 'none'], { cwd: folder, mark: folder });
  if (code !== 0) throw new Error(`${scenario.name} ends with ${code} when nobody disturbs it: ${stderr}`);
  const reference = { ms: performance.now() - since, sha256: sha256Of(join(folder, scenario.output)) };
  rmSync(folder, { recursive: true, force: true });
  return reference;
}

const sha256Of = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

interface RoundOptions {
  readonly folder: string;
  readonly scenario: Scenario;
  readonly reference: Reference;
  readonly random: Random;
  readonly most: number;
}

class RunningRound {
  readonly #options: RoundOptions;
  readonly mark: string;
  readonly kills: Kill[] = [];
  readonly failures: string[] = [];
  resumes = 0;
  restarts = 0;
  orphanMs = 0;

  constructor(options: RoundOptions) {
    this.#options = options;
    // The folder's name is different each time.
    this.mark = options.folder;
  }

  async play(): Promise<void> {
    const { most } = this.#options;
    for (let session = 0; ; session++) {
      const end = await this.#session(session);
      if (this.failures.length > 0) return;
      if (end.code === 0 && end.signal === null) break;
      // From here on nobody disturbs it: twice the sessions that had a kill is more than enough.
      if (session > 2 * most + 2) return void this.failures.push(`not done after ${session} sessions`);
    }
    await this.#check();
  }

  /** One command until its end, with none, one or several kills. */
  async #session(number: number): Promise<Ended> {
    const { folder, scenario, random, reference, most } = this.#options;
    const isRun = existsSync(this.#path('manifest.json'));
    const { command, options, plans }: Continuing | { command: 'run'; options: readonly string[]; plans: true } = isRun
      ? continuing(random)
      : { command: 'run', options: [...scenario.args, '--name'], plans: true };
    const args = [command, ...(isRun ? [RUN, ...options] : [...options, RUN])];
    if (isRun) this.resumes++;
    else if (number > 0) this.restarts++;
    const tail = new JournalTail(this.#path('journal.ndjson'));
    const session = startSession([...args, '--progress', 'none'], { cwd: folder, mark: this.mark });
    const since = performance.now();
    const hits = new Set<Target>();
    while (this.kills.length < most && !session.end) {
      const target = targetFor(random, { plans });
      const instant = instantFor(random, { target, expected: reference.ms, again: hits.size > 0 });
      if (!(await this.#reached(instant, session, tail, since))) break;
      const at = Math.round(performance.now() - since);
      if (!this.#kill(target, session)) continue;
      hits.add(target);
      this.kills.push({ target, instant: describe(instant), at });
      if (target === 'parent' || target === 'all') {
        await this.#expectNobody();
        break;
      }
    }
    const end = await Promise.race([session.ended, sleep(PATIENCE, undefined, { ref: false })]);
    if (!end) {
      this.failures.push(`hangs: shardyard ${args.join(' ')}; ${list(processesOf(this.mark))}`);
      return { code: null, signal: null, stdout: '', stderr: '' };
    }
    await this.#checkEnd(end, hits, args);
    return end;
  }

  /** Waits for an instant; false when the session is over before. */
  async #reached(instant: Instant, session: Session, tail: JournalTail, since: number): Promise<boolean> {
    const from = instant.from === 'start' ? since : performance.now();
    const before = instant.kind === 'event' ? tail.count(instant.type) : 0;
    const happened = (): boolean => {
      switch (instant.kind) {
        case 'time':
          return performance.now() - from >= instant.ms;
        case 'event':
          tail.poll();
          return tail.count(instant.type) - before >= instant.nth;
        case 'merge':
          tail.poll();
          return tail.count('opened') > 0 && tail.done.size >= this.#options.scenario.count;
        case 'planner':
          return processesOf(this.mark).some(({ role }) => role === 'planner');
      }
    };
    for (const deadline = performance.now() + PATIENCE; !session.end && performance.now() < deadline; await sleep(1)) {
      if (!happened()) continue;
      if (instant.kind !== 'time') await sleep(instant.ms);
      return session.end === undefined;
    }
    return false;
  }

  #kill(target: Target, session: Session): boolean {
    if (target === 'parent') return session.kill();
    const found = processesOf(this.mark).filter(({ role, pid }) => (role === 'parent' ? pid === session.pid : true));
    if (target === 'all') {
      if (session.end) return false;
      // In the order of their PIDs, which is as good as any other.
      const hit = found.map((one) => killMarked(one));
      return hit.includes(true);
    }
    const candidates = found.filter(({ role }) => role === target);
    return candidates.length > 0 && killMarked(this.#options.random.pick(candidates));
  }

  async #expectNobody(): Promise<void> {
    const { ms, left } = await gone(this.mark, ORPHAN_LIMIT);
    this.orphanMs = Math.max(this.orphanMs, ms);
    if (left.length > 0) this.failures.push(`${Math.round(ms)} ms after the parent's death there are still ${list(left)}`);
  }

  async #checkEnd({ code, signal, stderr }: Ended, hits: ReadonlySet<Target>, args: readonly string[]): Promise<void> {
    if (signal === 'SIGKILL' && (hits.has('parent') || hits.has('all'))) return;
    // A parent that was leaving when the signal came has ended as if nobody had killed it.
    const { ms, left } = await gone(this.mark, ORPHAN_LIMIT);
    if (left.length > 0) this.failures.push(`${Math.round(ms)} ms after the end of the parent there are still ${list(left)}`);
    if (code === 0) return;
    if (code === 2 && hits.has('planner') && /was killed by SIGKILL/.test(stderr)) return;
    this.failures.push(
      `shardyard ${args.join(' ')} ended with ${code ?? signal} after kills of ${[...hits].join(', ') || 'nobody'}: ${stderr.trim()}`,
    );
  }

  /** What must hold at the end of a round, whatever happened before. */
  async #check(): Promise<void> {
    const { folder, scenario, reference } = this.#options;
    const where = { cwd: folder, mark: this.mark };
    const expectSame = (when: string): void => {
      const sha256 = sha256Of(join(folder, scenario.output));
      if (sha256 !== reference.sha256) this.failures.push(`${when}, the output differs from that of an undisturbed run`);
      const meta: unknown = JSON.parse(readFileSync(join(folder, `${scenario.output}.meta.json`), 'utf8'));
      if (!(typeof meta === 'object' && meta && 'sha256' in meta && meta.sha256 === sha256))
        this.failures.push(`${when}, the meta file has another sha256`);
    };
    expectSame('at the end');
    const temporary = globSync('**/{*.tmp,live.json}', { cwd: folder });
    if (temporary.length > 0) this.failures.push(`left behind: ${temporary.join(', ')}`);
    const lines = readFileSync(this.#path('journal.ndjson'), 'utf8').split('\n');
    if (lines.pop() !== '') this.failures.push('the journal has a torn end');
    const bad = lines.findIndex((line) => parseLine(line) === undefined);
    if (bad >= 0) this.failures.push(`line ${bad + 1} of the journal is bad`);
    const status = await runSession(['status', RUN, '--json'], where);
    const seen = status.code === 0 ? (JSON.parse(status.stdout) as { state: string; items: { done: number; failed: number } }) : undefined;
    if (seen?.state !== 'done' || seen.items.done !== scenario.count || seen.items.failed !== 0) {
      this.failures.push(`status: exit code ${status.code}, ${status.stdout.slice(0, 300)}${status.stderr}`);
    }
    const again = await runSession(['resume', RUN, '--progress', 'none'], where);
    if (again.code !== 0) this.failures.push(`a resume of the finished run ended with ${again.code ?? again.signal}: ${again.stderr}`);
    expectSame('after another resume');
  }

  #path(name: string): string {
    return join(this.#options.folder, 'data', 'runs', RUN, name);
  }
}

const list = (processes: readonly Marked[]): string => processes.map(({ pid, role }) => `${role} ${pid}`).join(', ') || 'no process';

function describe(instant: Instant): string {
  switch (instant.kind) {
    case 'time':
      return 'time';
    case 'event':
      return `${instant.type} #${instant.nth}`;
    case 'merge':
    case 'planner':
      return instant.kind;
  }
}
