// The entry of every forked child. What is imported here is paid for at every recycle: keep it small.
import { basename } from 'node:path';
import { format } from 'node:util';
import type { Log, AnyWorker, Row } from '../core/worker.ts';
import { csvEncoder } from '../formats/csv-row.ts';
import { jsonEncoder } from '../formats/json-row.ts';
import { openFrozen, rangeReader } from '../input/reader.ts';
import { asToChild, type Envelope, type InitMessage, type ToParent, type WorkMessage } from '../ipc/messages.ts';
import { Batch } from './batch.ts';
import { loadWorker } from './load-worker.ts';
import { validateParams } from './params.ts';
import { ParentPort } from './port.ts';
import { Services } from './services.ts';
import { printTo } from './stdio.ts';

/** A child that is set up. */
interface Ready {
  readonly worker: AnyWorker;
  readonly params: unknown;
  readonly state: unknown;
  readonly encode: (row: Row) => string;
  readonly services: Services;
}

const log: Log = (...values) => void process.stdout.write(`${format(...values)}\n`);
let ready: Ready | undefined;
let batch: Batch | undefined;
let stopped = false;
const port = new ParentPort((ask) => send({ type: 'call', ask }));

// Without its parent a child has nobody to work for. Its group goes with it: a worker may have started others.
const orphaned = (): void => {
  if (process.platform !== 'win32') process.kill(-process.pid, 'SIGKILL');
  process.exit(1);
};
process.on('disconnect', orphaned);
// The message goes out before Node prints the stack and exits with code 1.
process.on('uncaughtExceptionMonitor', (error) => send({ type: 'crashed', message: String(error?.message ?? error).slice(0, 2000) }));
process.on('message', (raw) => {
  const message = asToChild(raw);
  if (!message) return;
  switch (message.type) {
    case 'init':
      return void setUp(message);
    case 'work':
      return void work(message);
    case 'halve':
      return send({ type: 'halved', spans: batch?.halve(message.worth) ?? [] });
    case 'stop':
      stopped = true;
      return batch?.stop();
    case 'retire':
      return void leave();
    case 'answer':
      return port.answered(message.id, message.answer);
  }
});

function send(message: ToParent, written?: () => void): void {
  if (process.send && process.connected)
    process.send({ shardyard: message } satisfies Envelope<ToParent>, undefined, undefined, () => written?.());
}

async function setUp(message: InitMessage): Promise<void> {
  const before = performance.now();
  try {
    const worker = await loadWorker(message.worker);
    const params = await validateParams(worker, message.params, message.worker);
    const { signal } = new AbortController();
    const state: unknown = await worker.setup?.({ params: params as never, signal, log });
    const encode = encoderFor(message);
    const names = { namespace: basename(message.worker).replace(/\.[^.]+$/, ''), version: 0, ...worker.cache };
    ready = { worker, params, state, encode, services: new Services({ settings: message.calls, port, names }) };
    send({ type: 'ready', setupMs: performance.now() - before });
  } catch (error) {
    log('setup failed:', error);
    end({ type: 'setup-failed', message: error instanceof Error ? error.message : String(error) }, 1);
  }
}

function encoderFor({ partFormat, columns, namesNonFinite }: InitMessage): (row: Row) => string {
  if (partFormat === 'csv') return csvEncoder(columns ?? []);
  const json = jsonEncoder(columns ?? undefined);
  return namesNonFinite ? (row) => json(withNames(row)) : json;
}

/** NaN and the infinities as text, in rows that are NDJSON only until they are merged into CSV. */
function withNames(row: Row): Row {
  let named: Record<string, unknown> | undefined;
  for (const key in row) {
    const value = row[key];
    if (typeof value === 'number' && !Number.isFinite(value)) (named ??= { ...row })[key] = String(value);
  }
  return named ?? row;
}

async function work(message: WorkMessage): Promise<void> {
  if (!ready) return end({ type: 'broken', message: 'there was work before the child was set up', code: undefined }, 1);
  const { worker, params, state, encode, services } = ready;
  const counting = (told: ToParent): ToParent => {
    if (told.type !== 'progress' && told.type !== 'receipt') return told;
    const calls = services.takeStats();
    return calls ? { ...told, calls } : told;
  };
  try {
    printTo(message.log);
    const { items, spans, shard, batch: number, itemTimeout } = message;
    const reader = items.kind === 'range' ? rangeReader(items.start, items.end) : openFrozen(items.file);
    const shared = { shard, batch: number, params, state, log, itemTimeout, services };
    batch = new Batch({ work: message, worker, shared, encode, entries: reader.read(spans), send: (told) => send(counting(told)) });
    if (stopped) batch.stop();
    const receipt = await batch.run();
    reader.close();
    send(counting(receipt), () => void leave());
  } catch (error) {
    log('the attempt broke off:', error);
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    end({ type: 'broken', message: error instanceof Error ? error.message : String(error), code }, 1);
  }
}

/** Everything is handed in: the worker may clean up, then the process ends, whatever timers or sockets it left open. */
async function leave(): Promise<void> {
  process.off('disconnect', orphaned);
  process.on('disconnect', () => process.exit(0));
  try {
    await ready?.worker.teardown?.(ready.state as never);
  } catch (error) {
    log('teardown failed:', error);
  }
  process.exit(0);
}

function end(message: ToParent, code: number): void {
  send(message, () => process.exit(code));
}
