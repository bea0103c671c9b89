import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listRuns, status } from '../index.ts';
import { UserError } from '../core/errors.ts';
import { EXIT } from '../core/exit-codes.ts';
import { looksLikeIndexSet, parseIndexSet } from '../core/index-set.ts';
import { isGoingOn } from '../core/report.ts';
import { IntervalSet } from '../core/intervals.ts';
import { shardName } from '../core/names.ts';
import { LogReader, findLogs } from './log-files.ts';
import { colour, note, print, stdoutClosed } from './terminal.ts';
import type { RunChoice } from '../core/api.ts';
import type { Status } from '../core/report.ts';
import type { LogFile } from './log-files.ts';
import type { Input } from './verbs.ts';

/** How often `-f` looks for new lines, and how often it asks whether the run is over (which reads the journal). */
const LOOK_MS = 200;
const ASK_MS = 1000;

/** `shardyard logs [run] [shards]` */
export async function logs(input: Input): Promise<number> {
  const { choice, set } = await readChoice(input);
  const first = await status(choice);
  const wanted = wantedShards(first, set);
  const folder = first.shards[0] ? dirname(first.shards[0].log) : join(choice.logsDir ?? 'logs', first.run);
  const printer = new Printer(folder, wanted, wanted.size !== 1 && first.shards.length !== 1);

  let over = !isGoingOn(first.state);
  if (input.settings.verb.follow) over = await follow(printer, { ...choice, run: first.run });
  else if ((await printer.print()) === 0) note(`no logs in ${folder} yet`);
  // A last line without its end is printed only once nobody can write that end any more.
  if (over) await printer.printRest();
  return EXIT.done;
}

/** Two positionals, both optional: a single one that looks like shards is shards, unless a run has that name. */
async function readChoice({ positionals, settings }: Input): Promise<{ choice: RunChoice; set: string | undefined }> {
  const { run, shards } = positionals;
  const { place } = settings;
  if (run === undefined) return { choice: place, set: shards };
  if (shards === undefined && looksLikeIndexSet(run) && !(await listRuns(place)).some((info) => info.run === run))
    return { choice: place, set: run };
  return { choice: { ...place, run }, set: shards };
}

function wantedShards({ shards, run, state }: Status, set: string | undefined): IntervalSet {
  if (set === undefined) return new IntervalSet([[0, Number.MAX_SAFE_INTEGER]]);
  try {
    return new IntervalSet(parseIndexSet(set, state === 'planning' ? {} : { count: shards.length, what: 'shard' }));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`the shards of ${run}: ${error.message}`, error.hint === undefined ? {} : { hint: error.hint });
  }
}

/** Prints until the run is over (then resolves with true), nobody reads any more, or SIGINT. */
async function follow(printer: Printer, choice: RunChoice): Promise<boolean> {
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort();
  process.once('SIGINT', stop);
  const signal = AbortSignal.any([interrupted.signal, stdoutClosed]);
  try {
    let askedAt = -Infinity;
    let over = false;
    while (!over && !signal.aborted) {
      if (performance.now() - askedAt >= ASK_MS) {
        // Asked before reading, so that what is printed after a yes is all there is.
        over = !isGoingOn((await status(choice)).state);
        askedAt = performance.now();
      }
      await printer.print();
      if (!over) await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
    return over;
  } finally {
    process.off('SIGINT', stop);
  }
}

/** Prints the logs of some shards; each time what was appended since, and logs that appeared. */
class Printer {
  readonly #folder: string;
  readonly #wanted: IntervalSet;
  readonly #prefixed: boolean;
  readonly #readers = new Map<string, { readonly log: LogFile; readonly reader: LogReader }>();

  constructor(folder: string, wanted: IntervalSet, prefixed: boolean) {
    this.#folder = folder;
    this.#wanted = wanted;
    this.#prefixed = prefixed;
  }

  /** Resolves with the number of logs that there are. */
  async print(): Promise<number> {
    const found = await findLogs(this.#folder, (shard) => this.#wanted.has(shard));
    for (const log of found) {
      const known = this.#readers.get(log.path) ?? { log, reader: new LogReader(log.path) };
      this.#readers.set(log.path, known);
      for await (const lines of known.reader.lines()) {
        await this.#show(log, lines);
        if (stdoutClosed.aborted) return found.length;
      }
    }
    return found.length;
  }

  async printRest(): Promise<void> {
    for (const { log, reader } of this.#readers.values()) await this.#show(log, reader.rest());
  }

  async #show({ shard }: LogFile, lines: readonly Buffer[]): Promise<void> {
    const prefix = this.#prefixed ? [Buffer.from(prefixOf(shard))] : [];
    await print(Buffer.concat(lines.flatMap((line) => [...prefix, line])));
  }
}

function prefixOf(shard: number): string {
  const { out } = colour;
  const paints = [out.cyan, out.green, out.yellow, out.magenta, out.blue, out.red];
  const text = `${shardName(shard)} |`;
  return `${paints[shard % paints.length]?.(text) ?? text} `;
}
