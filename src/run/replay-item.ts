import type { PartFormat } from '../core/part-format.ts';
import { randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Replayed, ReplayOptions } from '../core/api.ts';
import { causeOf, describeEnd } from '../core/outcome.ts';
import { batchAt } from '../core/slices.ts';
import type { ChildEnd } from '../executors/executor.ts';
import { keepWatched, startGuard } from '../executors/guard.ts';
import { localExecutor } from '../executors/local.ts';
import { csvHeader } from '../formats/csv-row.ts';
import { parseOutput } from '../formats/output.ts';
import type { ToChild, ToParent, WorkMessage } from '../ipc/messages.ts';
import { readAgreedColumns } from '../store/agreed-columns.ts';
import { asDiskError } from '../store/disk-error.ts';
import { callSettings } from './caching.ts';
import { chosen } from './choose.ts';
import { childEnvironment } from './environment.ts';
import { findRun, type Found } from './find-run.ts';
import { serveReplay } from './replay-services.ts';
import { readState } from './replay.ts';
import { shapeOfRows } from './replan.ts';
import { identifyAgain } from './worker-identity.ts';

/** Milliseconds between asking a child to end and ending it. */
const GRACE = 2000;

/**
 * Does one item of a run in a child of its own, with everything as in the run except that what it prints goes to stderr, that it is tried
 * once, that no time limit ends it, and that its rows are handed to the caller. The run is only read.
 */
export async function replayItem(options: ReplayOptions): Promise<Replayed> {
  const found = findRun(options);
  const { state } = readState(found);
  const [span] = chosen(state, { kind: 'items', keys: [options.key] }, found);
  const plan = state.plan ?? state.plans[0];
  if (!span || !plan) throw new Error(`${found.manifest.run} has no plan`);
  const file = resolve(options.worker ?? found.manifest.worker.file);
  const [index] = span;
  const shard = plan.shards.findIndex(([start, end]) => index >= start && index < end);
  options.onBegin?.({ run: found.paths.run, index, shard, isChanged: identifyAgain(found.manifest, options).sha256 !== state.worker });
  const { partFormat, columns: declared } = shapeOfRows(state, found.manifest);
  const columns = declared ?? readAgreedColumns(found.paths.folder)?.columns ?? null;
  const folder = mkdtempSync(join(tmpdir(), 'shardyard-replay-'));
  try {
    const work: WorkMessage = {
      type: 'work',
      shard,
      batch: batchAt(plan.shards[shard] ?? [0, 0], plan.batchSize, index),
      attempt: 1,
      spans: [span],
      mode: 'alone',
      items: plan.items.kind === 'file' ? { ...plan.items, file: join(found.paths.folder, plan.items.file) } : plan.items,
      part: join(folder, 'part'),
      ledger: join(folder, 'ledger'),
      stops: join(folder, 'stops'),
      concurrency: 1,
      retries: 0,
      tries: [],
    };
    const replayed = await inChild({ found, file, work, partFormat, columns, options });
    if (replayed.ok) {
      if (partFormat === 'csv' && columns) await options.onRows(Buffer.from(csvHeader(columns)));
      for await (const chunk of createReadStream(work.part)) await options.onRows(chunk as Buffer);
    }
    return replayed;
  } catch (error) {
    throw asDiskError(error, 'give the command again');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface ChildOptions {
  readonly found: Found;
  readonly file: string;
  readonly work: WorkMessage;
  readonly partFormat: PartFormat;
  readonly columns: readonly string[] | null;
  readonly options: ReplayOptions;
}

/** What a child has said so far. */
interface Said {
  receipt?: Extract<ToParent, { type: 'receipt' }>;
  isReady?: boolean;
  message?: string;
}

async function inChild({ found: { manifest }, file, work, partFormat, columns, options }: ChildOptions): Promise<Replayed> {
  const { settings, params, command: spec, run } = manifest;
  const token = randomBytes(16).toString('hex');
  const dataDir = resolve(options.dataDir ?? 'data');
  const nodeArgs = options.inspect ? [...settings.nodeArgs, '--inspect-wait'] : settings.nodeArgs;
  const executor = localExecutor({ nodeArgs, env: childEnvironment(dataDir, token) });
  const services = await serveReplay(executor, settings, dataDir);
  const guard = startGuard(token);
  await guard.started;
  const said: Said = {};
  const child = services.start((message) => hear(message, said, (answer) => child.send(answer), work));
  const insist: NodeJS.Timeout[] = [];
  const end = (): void => {
    child.kill(insist.length === 0 ? 'SIGTERM' : 'SIGKILL');
    insist.push(setTimeout(() => child.kill('SIGKILL'), GRACE));
  };
  options.signal?.addEventListener('abort', end);
  const { format } = parseOutput(settings.output);
  const namesNonFinite = format === 'csv' || format === 'parquet';
  const calls = { ...callSettings(settings), isLimited: false };
  const command = spec && { command: { spec, run, folder: dirname(work.part) } };
  // Nothing of the user's runs before a guard knows.
  const unwatch = keepWatched(child.pid, {
    guard,
    token,
    onKnown: () => child.send({ type: 'init', worker: file, params, columns, partFormat, namesNonFinite, calls, ...command }),
  });
  try {
    if (options.signal?.aborted) end();
    return resultOf(said, await child.ended, options.signal?.aborted ?? false);
  } finally {
    options.signal?.removeEventListener('abort', end);
    for (const timer of insist) clearTimeout(timer);
    unwatch();
    await services.close();
    guard.close();
  }
}

function hear(message: ToParent, said: Said, answer: (message: ToChild) => void, work: WorkMessage): void {
  if (message.type === 'ready') {
    said.isReady = true;
    answer(work);
  } else if (message.type === 'receipt') said.receipt = message;
  else if (message.type === 'setup-failed' || message.type === 'crashed' || message.type === 'broken') said.message = message.message;
}

function resultOf({ receipt, isReady, message }: Said, end: ChildEnd, isStopped: boolean): Replayed {
  const [failure] = receipt?.failed ?? [];
  if (failure) return { ok: false, cause: failure.cause, message: failure.message };
  if (receipt && receipt.totals.items === 1) return { ok: true, rows: receipt.totals.rows, ms: receipt.itemMs };
  const phase = isReady ? 'busy' : 'starting';
  const told = isStopped ? ({ why: 'stopped', how: 'SIGTERM' } as const) : undefined;
  const cause = causeOf({ ...end, told, phase, tail: '', orphaned: false, oomKills: 0 });
  return { ok: false, cause, message: end.error ?? message ?? describeEnd(end.code, end.signal) };
}
