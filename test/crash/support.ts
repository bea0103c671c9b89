import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { EventType, RunEvent } from '../../src/core/events.ts';
import { readJournal } from '../../src/store/journal.ts';
import { killAll } from '../support/marked.ts';
import { OwnTime } from '../support/own-time.ts';
import { type Ended, type Session, startSession } from '../support/session.ts';

/** Milliseconds after which what has not happened never will. */
const PATIENCE = 60_000;

/** The path of a fixture worker. */
export const worker = (name: string): string => fileURLToPath(new URL(`../fixtures/workers/${name}.ts`, import.meta.url));

/** A folder in which a run called `r` is worked on; its path marks all processes that are started in it. */
export class Place {
  readonly cwd = mkdtempSync(join(tmpdir(), 'shardyard-crash-'));

  /** Is gone when the test is over; or when a group of tests is, with `afterAll`. */
  constructor(whenOver: (cleanUp: () => Promise<void>) => void = onTestFinished) {
    whenOver(async () => {
      await killAll(this.cwd);
      rmSync(this.cwd, { recursive: true, force: true });
    });
  }

  /** Starts `shardyard …`, for the run `r` where the command is about one. */
  start(command: string, ...args: readonly string[]): Session {
    const isRun = command === 'run';
    const shown = ['run', 'resume', 'rerun'].includes(command) ? ['--progress', 'none'] : [];
    return startSession([command, ...(isRun ? args : ['r', ...args]), ...(isRun ? ['--name', 'r'] : []), ...shown], {
      cwd: this.cwd,
      mark: this.cwd,
    });
  }

  async end(command: string, ...args: readonly string[]): Promise<Ended> {
    return this.start(command, ...args).ended;
  }

  /** A file of the run. */
  file(...names: readonly string[]): string {
    return join(this.cwd, 'data', 'runs', 'r', ...names);
  }

  read(name: string): string {
    return readFileSync(join(this.cwd, name), 'utf8');
  }

  write(name: string, text = ''): void {
    writeFileSync(join(this.cwd, name), text);
  }

  /** The good lines of the journal. */
  events<T extends EventType>(...types: readonly T[]): Extract<RunEvent, { type: T }>[] {
    const events: RunEvent[] = [];
    try {
      readJournal(this.file('journal.ndjson'), (event) => void events.push(event));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
    return events.filter(
      (event): event is Extract<RunEvent, { type: T }> => types.length === 0 || types.some((type) => type === event.type),
    );
  }

  /** How often the worker `held` has begun an item. */
  begun(item: string): number {
    const logs = this.#logs();
    return logs.split(`begin ${item}\n`).length - 1;
  }

  #logs(): string {
    const files = new Set(
      this.events('dispatched').map(({ shard, batch, stolen }) => `shard-${pad(shard)}${stolen ? `.batch-${pad(batch)}` : ''}.log`),
    );
    return [...files].map((file) => readIfThere(join(this.cwd, 'logs', 'r', file))).join('');
  }
}

const pad = (number: number): string => String(number).padStart(5, '0');

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Waits for something that will happen unless there is a bug, or the session that should bring it about ends. */
export async function until(what: string, happened: () => boolean, session?: Session): Promise<void> {
  for (const time = new OwnTime(); !happened(); await sleep(5)) {
    // What it brought about last may have happened since.
    if (session?.end && !happened())
      throw new Error(`the session ended with ${session.end.code ?? session.end.signal} before ${what}: ${session.end.stderr}`);
    if (time.look() > PATIENCE) throw new Error(`waited in vain until ${what}`);
  }
}

/** Kills the parent and waits for its end. */
export async function killParent(session: Session): Promise<void> {
  session.kill('SIGKILL');
  const { signal } = await session.ended;
  if (signal !== 'SIGKILL') throw new Error(`the parent had ended before, with ${signal}`);
}

/** Cuts off the last `bytes` of a file. */
export function cut(file: string, bytes: number): void {
  truncateSync(file, readFileSync(file).length - bytes);
}

/** Changes one byte of a file. */
export function damage(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

/** What the worker `held` makes of items. */
export const heldCsv = (items: readonly string[]): string =>
  `item,text\n${items.map((item) => `${item},"first\n""${item}"""\n${item},second\n`).join('')}`;
