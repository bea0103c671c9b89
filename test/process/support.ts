import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { EventType, RunEvent } from '../../src/core/events.ts';
import type { Report } from '../../src/core/report.ts';
import { readJournal } from '../../src/store/journal.ts';
import { startTime } from '../../src/store/processes.ts';
import { type Ended, shardyard, start } from '../cli/support.ts';
import { COMPILE_CACHE } from '../support/session.ts';

const env = { NODE_COMPILE_CACHE: COMPILE_CACHE };

type Process = ReturnType<typeof start>;

/** A folder of its own in which `shardyard` is started. */
export class Place {
  readonly cwd = mkdtempSync(join(tmpdir(), 'shardyard-proc-'));

  /** Is gone when the test is over; or when a group of tests is, with `afterAll`. */
  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}, whenOver: (cleanUp: () => void) => void = onTestFinished) {
    whenOver(() => rmSync(this.cwd, { recursive: true, force: true }));
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  write(name: string, content: string | Uint8Array = ''): void {
    const file = join(this.cwd, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  read(name: string): string {
    return this.bytes(name).toString('utf8');
  }

  bytes(name: string): Buffer {
    return readFileSync(join(this.cwd, name));
  }

  /** The lines of a file, none where there is no file or nothing in it yet. */
  lines(name: string): string[] {
    if (!existsSync(join(this.cwd, name))) return [];
    const text = this.read(name).trimEnd();
    return text === '' ? [] : text.split('\n');
  }

  /** Every file with its content, every folder with its name; whose a run is changes with every look at it. */
  everything(folder = ''): Record<string, string> {
    const found: Record<string, string> = {};
    for (const name of readdirSync(join(this.cwd, folder))) {
      const path = join(folder, name);
      if (statSync(join(this.cwd, path)).isDirectory()) Object.assign(found, { [`${path}/`]: '' }, this.everything(path));
      else if (name !== 'owner.json' && !name.startsWith('lock.sqlite')) found[path] = this.bytes(path).toString('latin1');
    }
    return found;
  }

  /** Runs `shardyard …` to its end. What it says of this folder is said of `.`. */
  async shardyard(...args: readonly string[]): Promise<Ended> {
    const { code, stdout, stderr } = await shardyard(args, { cwd: this.cwd, env });
    return { code, stdout: stdout.replaceAll(this.cwd, '.'), stderr: stderr.replaceAll(this.cwd, '.') };
  }

  start(...args: readonly string[]): Process {
    return start([...args, '--progress', 'none'], { cwd: this.cwd, env });
  }

  /** Runs `w.mjs` as the run `r` with one child, into `out.csv`, unless told otherwise. */
  async run(...more: readonly string[]): Promise<Ended> {
    return this.shardyard('run', 'w.mjs', ...this.options(more));
  }

  /** The options of `run`, those in `more` first. */
  options(more: readonly string[]): string[] {
    const usual = { '-p': '1', '--spares': '0', '--name': 'r', '-o': 'out.csv', '--progress': 'none' };
    return [...more, ...Object.entries(usual).flatMap(([flag, value]) => (more.includes(flag) ? [] : [flag, value]))];
  }

  async resume(...more: readonly string[]): Promise<Ended> {
    return this.shardyard('resume', 'r', ...more, '--progress', 'none');
  }

  async rerun(...more: readonly string[]): Promise<Ended> {
    return this.shardyard('rerun', 'r', ...more, '--progress', 'none');
  }

  report(run = 'r'): Report {
    return JSON.parse(this.read(`data/runs/${run}/report.json`)) as Report;
  }

  /** The events of the run `r` so far, none where there is no journal yet. */
  events<T extends EventType>(...types: readonly T[]): Extract<RunEvent, { type: T }>[] {
    const found: Extract<RunEvent, { type: T }>[] = [];
    const journal = join(this.cwd, 'data/runs/r/journal.ndjson');
    if (!existsSync(journal)) return found;
    readJournal(journal, (event) => {
      if (types.some((type) => type === event.type)) found.push(event as Extract<RunEvent, { type: T }>);
    });
    return found;
  }

  /** Settles when every child of the run `r` is gone: an orphan must not see what the test does next. */
  async childrenGone(): Promise<void> {
    const children = this.events('child-started');
    while (children.some(({ pid, pidStart }) => startTime(pid) === pidStart)) await sleep(5);
  }
}

/** Ends when the process has; gives its exit code. */
export const exitOf = (child: Process): Promise<number | null> =>
  new Promise((resolve) => {
    child.stdout.resume();
    child.stderr.resume();
    child.once('close', resolve);
  });
