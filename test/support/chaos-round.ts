import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unreachable } from '../../src/core/errors.ts';
import type { EndState } from '../../src/core/events.ts';
import { checkRound, failuresOf } from './chaos-check.ts';
import { type Blow, blowFor, type Continuing, continuing, type Instant, instantFor, isKill, RUN, type Scenario } from './chaos-plan.ts';
import { type Planted, unexplained } from './chaos-poison.ts';
import type { Reference } from './chaos-reference.ts';
import { JournalTail } from './journal-tail.ts';
import { gone, killMarked, type Marked, processesOf } from './marked.ts';
import type { Random } from './random.ts';
import { type Ended, type Session, startSession, type Where } from './session.ts';
import type { SmallDisk } from './small-disk.ts';

/** SPEC P5: milliseconds within which everything is gone when the parent dies. */
const ORPHAN_LIMIT = 2000;
/** Milliseconds that a guard's successor may take on a busy machine. If the parent dies before, a child that cannot hear of it waits for the next session. */
const SUCCESSION = 3000;
/** A session that takes so much longer than an undisturbed one hangs. A stopped child that has handed everything in is ended after 35 s. */
const PATIENCE = 120_000;

/** One blow that hit: what, when in the run's life, and how long after the start of its session (ms). */
export interface Hit {
  readonly blow: Blow;
  readonly kill: boolean;
  readonly instant: string;
  readonly at: number;
}

interface RoundOptions {
  readonly folder: string;
  readonly scenario: Scenario;
  readonly planted: Planted | undefined;
  /** Where the folder is a disk of its own. */
  readonly disk: SmallDisk | undefined;
  readonly reference: Reference;
  readonly random: Random;
  /** The most blows. */
  readonly most: number;
}

/** A run that is struck again and again until it is done, and then looked at. */
export class RunningRound {
  readonly #options: RoundOptions;
  readonly mark: string;
  readonly hits: Hit[] = [];
  readonly failures: string[] = [];
  readonly causes = new Map<string, number>();
  resumes = 0;
  restarts = 0;
  orphanMs = 0;
  leftovers = 0;

  constructor(options: RoundOptions) {
    this.#options = options;
    // The folder's name is different each time.
    this.mark = options.folder;
  }

  async play(): Promise<void> {
    const { most } = this.#options;
    for (let session = 0; ; session++) {
      const isSettled = await this.#session(session);
      if (this.failures.length > 0) return;
      if (isSettled) break;
      // From here on nobody disturbs it: twice the sessions that were struck is more than enough.
      if (session > 2 * most + 2) return void this.failures.push(`not done after ${session} sessions`);
    }
    await checkRound({ ...this.#options, where: this.#where, causes: this.causes, fail: (what) => void this.failures.push(what) });
  }

  get #where(): Where {
    const { folder } = this.#options;
    return { cwd: folder, mark: this.mark, temporary: join(folder, 'tmp') };
  }

  /** One command until its end, with none, one or several blows; gives whether nothing is left to do. */
  async #session(number: number): Promise<boolean> {
    const { scenario, planted, random, reference, most, disk } = this.#options;
    const isRun = existsSync(this.#path('manifest.json'));
    const { command, options, plans }: Continuing | { command: 'run'; options: readonly string[]; plans: true } = isRun
      ? continuing(random)
      : { command: 'run', options: [...scenario.args, ...limits(planted, random), '--name'], plans: true };
    const args = [command, ...(isRun ? [RUN, ...options] : [...options, RUN])];
    if (isRun) this.resumes++;
    else if (number > 0) this.restarts++;
    let closed: EndState | undefined;
    const tail = new JournalTail(this.#path('journal.ndjson'), (event) => (closed = event.type === 'closed' ? event.state : undefined));
    const session = startSession([...args, '--progress', 'none'], this.#where);
    const since = performance.now();
    const blows = new Set<Blow>();
    let guardAt = -Infinity;
    while (this.hits.length < most && !session.end) {
      const blow = blowFor(random, { plans, disk: disk !== undefined });
      const instant = instantFor(random, { blow, expected: reference.ms, again: blows.size > 0 });
      if (!(await this.#reached(instant, session, tail, since))) break;
      const at = Math.round(performance.now() - since);
      if (!(await this.#strike(blow, session))) continue;
      blows.add(blow);
      this.hits.push({ blow, kill: isKill(blow), instant: describe(instant), at });
      if (blow === 'guard') guardAt = at;
      if (blow === 'parent' || blow === 'all') {
        await this.#expectNobody(at - guardAt < SUCCESSION);
        break;
      }
    }
    const end = await Promise.race([session.ended, sleep(PATIENCE, undefined, { ref: false })]);
    disk?.free();
    if (!end) {
      this.failures.push(`hangs: shardyard ${args.join(' ')}; ${list(processesOf(this.mark))}`);
      return false;
    }
    tail.poll();
    const fault = await this.#faultOf(end, blows, closed);
    const after = `after ${[...blows].join(', ') || 'nothing'}`;
    if (fault !== undefined) this.failures.push(`shardyard ${args.join(' ')} ${after}: ${fault}: ${end.stderr.trim()}`);
    return end.code === 0 || (end.code === 1 && closed === 'failed');
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

  /** False when there was nobody to hit. */
  async #strike(blow: Blow, session: Session): Promise<boolean> {
    const { random, disk } = this.#options;
    switch (blow) {
      case 'parent':
        return session.kill();
      case 'all':
        // In the order of their PIDs, which is as good as any other.
        return (
          !session.end &&
          processesOf(this.mark)
            .map((one) => killMarked(one))
            .includes(true)
        );
      case 'child':
      case 'guard':
      case 'planner':
        return this.#signal(blow, 'SIGKILL');
      case 'child stopped':
        return this.#signal('child', 'SIGSTOP');
      case 'Ctrl-C':
        return session.kill('SIGINT');
      case 'Ctrl-C twice':
        if (!session.kill('SIGINT')) return false;
        // Two within 0.1 s count as one.
        await sleep(random.int(110, 1500));
        session.kill('SIGINT');
        return true;
      case 'disk full':
        disk?.fill();
        return true;
      default:
        return unreachable(blow);
    }
  }

  #signal(role: Marked['role'], signal: NodeJS.Signals): boolean {
    const candidates = processesOf(this.mark).filter((one) => one.role === role);
    return candidates.length > 0 && killMarked(this.#options.random.pick(candidates), signal);
  }

  async #expectNobody(isUnguarded: boolean): Promise<void> {
    const { ms, left } = await gone(this.mark, ORPHAN_LIMIT);
    if (isUnguarded && left.every(({ role }) => role === 'child')) return void (this.leftovers += left.length);
    this.orphanMs = Math.max(this.orphanMs, ms);
    if (left.length > 0) this.failures.push(`${Math.round(ms)} ms after the parent's death there are still ${list(left)}`);
  }

  /** What is wrong with the way in which a session ended. */
  async #faultOf({ code, signal, stderr }: Ended, blows: ReadonlySet<Blow>, closed: EndState | undefined): Promise<string | undefined> {
    if (signal === 'SIGKILL' && (blows.has('parent') || blows.has('all'))) return undefined;
    // A parent that was leaving when the signal came has ended as if nobody had killed it.
    const { ms, left } = await gone(this.mark, ORPHAN_LIMIT);
    if (left.length > 0) return `${Math.round(ms)} ms after the end of the parent there are still ${list(left)}`;
    const { planted } = this.#options;
    const how = `ended with ${code ?? signal}`;
    if (code === 0) return planted ? `${how} in spite of its poison` : undefined;
    if (/bug in Shardyard/.test(stderr)) return how;
    if (code === 2 && blows.has('planner') && /was killed by SIGKILL/.test(stderr)) return undefined;
    // Before it listens, and when it no longer does, the signal has its usual effect.
    if ((code === 130 || signal === 'SIGINT') && (blows.has('Ctrl-C') || blows.has('Ctrl-C twice'))) return undefined;
    if (code === 1 && closed === 'failed' && planted) {
      const failures = await failuresOf(this.#where);
      const all = new Set([...blows, ...this.hits.map(({ blow }) => blow)]);
      return typeof failures === 'string' ? failures : unexplained(failures, planted.always, all).join('; ') || undefined;
    }
    return code === 1 && blows.has('disk full') ? undefined : how;
  }

  #path(name: string): string {
    return join(this.#options.folder, 'data', 'runs', RUN, name);
  }
}

/** What a run is given besides. A killed child costs the item in flight a try: without poison, more tries than there are kills. */
function limits(planted: Planted | undefined, random: Random): readonly string[] {
  const stall = random.chance(0.4) ? ['--stall-timeout', '2800ms'] : [];
  return planted ? ['--retries', '1', '--max-rss', '160MB', '--param', planted.param, ...stall] : ['--retries', '9', ...stall];
}

const list = (processes: readonly Marked[]): string =>
  processes.map(({ pid, role }) => `${role} ${pid} (${stateOf(pid)})`).join(', ') || 'no process';

/** How the kernel calls what a process is doing: `T (stopped)`. */
function stateOf(pid: number): string {
  try {
    return /^State:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 'unknown';
  } catch {
    return 'gone';
  }
}

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
