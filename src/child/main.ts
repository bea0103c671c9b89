// The entry of every forked child. What is imported here is paid for at every recycle: keep it small.
import { basename } from 'node:path';
import { format } from 'node:util';
import type { Permit, PermitCost } from '../core/permit.ts';
import type { Log, AnyWorker, Row } from '../core/worker.ts';
import { csvEncoder } from '../formats/csv-row.ts';
import { jsonEncoder } from '../formats/json-row.ts';
import { withNames } from '../formats/named-numbers.ts';
import { rowChecker } from '../formats/typed-row.ts';
import { openFrozen, rangeReader } from '../input/reader.ts';
import { asToChild, type Envelope, type InitMessage, type ToParent, type WorkMessage } from '../ipc/messages.ts';
import { Batch } from './batch.ts';
import type { CommandBatch } from './command/command-batch.ts';
import { loadWorker } from './load-worker.ts';
import { Meter } from './meter.ts';
import { validateParams } from './params.ts';
import type { Permits } from './permits.ts';
import { ParentPort } from './port.ts';
import { Services } from './services.ts';
import { printTo } from './stdio.ts';
import type { Sweep } from './sweep.ts';
import { StoppedTime } from './stopped-time.ts';

/** A child that is set up. */
interface Ready {
  readonly worker: AnyWorker;
  readonly params: unknown;
  readonly state: unknown;
  readonly encode: (row: Row) => string;
  /** What runs a command, where there is no worker module. */
  readonly Command: typeof CommandBatch | undefined;
  readonly init: InitMessage;
  readonly services: Services;
}

const log: Log = (...values) => void process.stdout.write(`${format(...values)}\n`);
const NO_WORKER: AnyWorker = { process: () => undefined };
let ready: Ready | undefined;
let batch: Batch | CommandBatch | undefined;
let sweep: Sweep | undefined;
let stopped = false;
/** Loaded when a worker first asks: most never do. */
let permits: Promise<Permits> | undefined;
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
      void permits?.then((found) => found.stop());
      return batch?.stop();
    case 'granted':
    case 'paused':
    case 'refused':
      return void loadPermits().then((found) => found.onMessage(message));
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

/** Sends what a batch has to say, with what its calls have come to since the last time. */
function tell(message: ToParent, written?: () => void): void {
  if (message.type !== 'progress' && message.type !== 'receipt') return send(message, written);
  const calls = ready?.services.takeStats();
  send(calls ? { ...message, calls } : message, written);
}

const permit = async (cost: PermitCost | undefined, signal: AbortSignal): Promise<Permit> => (await loadPermits()).take(cost, signal);

async function loadPermits(): Promise<Permits> {
  return (permits ??= import('./permits.ts').then((loaded) => {
    // Before it is set up, a child hears of pauses only.
    const made = new loaded.Permits(send, { isFree: ready !== undefined && !ready.init.calls.isGoverned });
    if (stopped) made.stop();
    return made;
  }));
}

async function setUp(message: InitMessage): Promise<void> {
  const before = performance.now();
  try {
    const Command = message.command && (await import('./command/command-batch.ts')).CommandBatch;
    const worker = Command ? NO_WORKER : await loadWorker(message.worker);
    // Where parameters are swept, this comes with the first item of each combination.
    const params = message.grid ? undefined : await validateParams(worker, message.params, message.worker);
    const { signal } = new AbortController();
    const state: unknown = message.grid ? undefined : await worker.setup?.({ params: params as never, signal, log });
    const encode = encoderFor(message, worker.types);
    const names = { namespace: basename(message.worker).replace(/\.[^.]+$/, ''), version: 0, ...worker.cache };
    const services = new Services({ settings: message.calls, port, names });
    ready = { worker, params, state, encode, services, Command, init: message };
    send({ type: 'ready', setupMs: performance.now() - before });
  } catch (error) {
    log('setup failed:', error);
    end({ type: 'setup-failed', message: error instanceof Error ? error.message : String(error) }, 1);
  }
}

function encoderFor(message: InitMessage, types: AnyWorker['types']): (row: Row) => string {
  const encode = untyped(message);
  if (!types) return encode;
  const check = rowChecker(types);
  return (row) => {
    check(row);
    return encode(row);
  };
}

function untyped({ partFormat, columns, namesNonFinite }: InitMessage): (row: Row) => string {
  if (partFormat === 'csv') return csvEncoder(columns ?? []);
  const json = jsonEncoder(columns ?? undefined);
  return namesNonFinite ? (row) => json(withNames(row)) : json;
}

async function work(message: WorkMessage): Promise<void> {
  if (!ready) return end({ type: 'broken', message: 'there was work before the child was set up', code: undefined }, 1);
  const { worker, params, state, encode, services, Command, init } = ready;
  try {
    if (message.log !== undefined) printTo(message.log);
    const { items, spans, shard, batch: number, itemTimeout, staged } = message;
    const base = items.kind === 'range' ? rangeReader(items.start, items.end) : openFrozen(items.file);
    const { grid } = init;
    const swept = grid && (await import('./sweep.ts'));
    const reader = swept ? swept.gridReader(base, grid) : base;
    const stoppedTime = new StoppedTime(message.stops);
    const shared = { shard, batch: number, params, state, log, itemTimeout, permit, services, staged, stopped: stoppedTime };
    const { command, columns } = init;
    const meter = message.measure ? new Meter() : undefined;
    const entries = meter ? meter.watch(reader.read(spans)) : reader.read(spans);
    if (Command && command) batch = new Command({ work: message, command, columns, grid, reader, send, log, stopped: shared.stopped });
    else {
      if (swept && grid) sweep = new swept.Sweep({ worker, init, grid, shared, encode });
      batch = new Batch({ work: message, worker, shared, encode, ...(sweep && { sweep }), entries, send: tell });
    }
    if (stopped) batch.stop();
    const receipt = await batch.run();
    reader.close();
    (await permits)?.flush();
    const more = { ...(sweep && { setupMs: sweep.setupMs }), ...(meter && { usage: meter.usage() }) };
    tell({ ...receipt, ...more }, () => void leave());
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
    if (sweep) await sweep.teardown();
    else if (!ready?.init.grid) await ready?.worker.teardown?.(ready.state as never);
  } catch (error) {
    log('teardown failed:', error);
  }
  process.exit(0);
}

function end(message: ToParent, code: number): void {
  send(message, () => process.exit(code));
}
