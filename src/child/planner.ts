// The entry of the planning child: it imports the worker, so that the parent never does, and writes the items down.
import { dirname, join } from 'node:path';
import type { Place } from '../core/errors.ts';
import { UserError } from '../core/errors.ts';
import { combinationCount } from '../core/grid.ts';
import { defaultKey } from '../core/key.ts';
import type { AnyWorker, ItemList } from '../core/worker.ts';
import { freezeItems } from '../input/freeze.ts';
import { offsetsFile } from '../input/frozen.ts';
import { matchProducts } from '../input/match-grid.ts';
import { openItems } from '../input/source.ts';
import type { Envelope } from '../ipc/messages.ts';
import type { FromPlanner, PlanRequest } from '../ipc/planning.ts';
import { asDiskError } from '../store/disk-error.ts';
import { checkGrid, type Swept } from './check-grid.ts';
import { loadWorker, placeOf } from './load-worker.ts';
import { commitFile, temporaryName } from '../store/files.ts';
import { checkedItems, commandWorker } from './command/planned.ts';
import { validateParams } from './params.ts';
import { workerBudgets } from './worker-budgets.ts';
import { workerDefaults } from './worker-defaults.ts';

type Planned = Extract<FromPlanner, { type: 'planned' }>;

process.on('disconnect', () => process.exit(1));
process.once('message', (request) => {
  // The only sender is our own parent, and this is the only thing that it sends.
  void plan(request as PlanRequest).then(
    (planned) => reply(planned),
    (error: unknown) => reply(refusal(asDiskError(error, 'make room or mend the folder, and try again'))),
  );
});

function reply(message: FromPlanner): void {
  process.removeAllListeners('disconnect');
  process.send?.({ shardyard: message } satisfies Envelope<FromPlanner>, undefined, undefined, () => process.exit(0));
}

function refusal(error: unknown): FromPlanner {
  if (error instanceof UserError) {
    return { type: 'refused', message: error.message, hint: error.hint, place: error.place, exitCode: error.exitCode };
  }
  return {
    type: 'broken',
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? error.stack : undefined,
  };
}

async function plan(request: PlanRequest): Promise<Planned> {
  const worker = request.command ? commandWorker(request.command) : await loadWorker(request.worker);
  const { grid, first: params } = await sweptBy(request, worker);
  const base = {
    type: 'planned',
    columns: worker.columns ? [...(grid ?? []).map(({ name }) => name), ...worker.columns] : null,
    ...(grid ? { grid } : {}),
    types: worker.types ?? {},
    defaults: workerDefaults(worker, request.worker),
    budgets: workerBudgets(worker, request.worker),
  } as const;
  /** `each`: number of items, of which each is there once for each combination. */
  const finished = async (items: Planned['items'], each: number): Promise<Planned> => {
    const current = items.kind === 'range' ? items : join(dirname(request.file), items.file);
    const match = await matchProducts({ items: current, each, ...(grid ? { grid } : {}) }, request.earlier);
    return { ...base, items, count: each * combinationCount(grid), ...match };
  };
  if (request.frozen) return finished(request.frozen.items, request.frozen.each);
  if (request.describe) return { ...base, items: { kind: 'range', start: 0, end: 0 }, count: 0, moves: [], gone: 0 };
  const source = request.items === undefined ? undefined : openItems(request.items, { stdin: process.stdin });
  if (source?.kind === 'range' && !worker.key && request.key === undefined) {
    const end = Math.min(source.end, source.start + (request.limit ?? Infinity));
    return finished({ kind: 'range', start: source.start, end }, end - source.start);
  }
  const list =
    source === undefined
      ? ownItems(worker, params, request.worker)
      : source.kind === 'list'
        ? source.items()
        : rangeItems(source.start, source.end);
  const key = checkedItems(request.command, keyOf(worker, request));
  const temporary = temporaryName(request.file);
  const limit = request.limit === undefined ? {} : { limit: request.limit };
  const frozen = await freezeItems({ items: list, key, file: temporary, ...limit }).catch((error: unknown) => {
    throw placed(error, source?.kind === 'list' ? source.name : request.items === undefined ? request.worker : '--items');
  });
  commitFile(offsetsFile(temporary), offsetsFile(request.file));
  commitFile(temporary, request.file);
  return finished({ kind: 'file', file: request.name, sha256: frozen.sha256, bytes: frozen.bytes }, frozen.count);
}

/** The parameters, checked: of the first combination, where some are swept. */
async function sweptBy({ grid, params, worker: file, command }: PlanRequest, worker: AnyWorker): Promise<Partial<Swept>> {
  if (!grid || command) return { ...(grid && { grid }), first: await validateParams(worker, params, file) };
  return checkGrid(worker, params, grid, file);
}

/** The worker's own items; what it throws is the worker's fault and says where. */
async function* ownItems(worker: AnyWorker, params: unknown, file: string): AsyncGenerator<{ item: unknown; place: Place | undefined }> {
  if (!worker.items) {
    throw new UserError('the worker has no items of its own', {
      place: { file },
      hint: 'name them with --items (a file, a list A,B,C or a range 0:100), or give the worker a function `items`',
    });
  }
  try {
    const items: ItemList<unknown> = await worker.items(params as never);
    if (!isList(items)) {
      const what = typeof items === 'string' ? 'a text, whose characters are hardly meant' : items === null ? 'null' : typeof items;
      throw new UserError(`the worker's \`items\` gave ${what}`, {
        place: { file },
        hint: 'return an array, or anything that can be iterated',
      });
    }
    for await (const item of items) yield { item, place: undefined };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`the worker's items cannot be listed: ${error instanceof Error ? error.message : String(error)}`, {
      place: placeOf(error) ?? { file },
      hint: 'mend its function `items`, or give --items',
      cause: error,
    });
  }
}

const isList = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);

/** The same error with a place, where it has none yet. */
function placed(error: unknown, file: string): unknown {
  if (!(error instanceof UserError) || error.place) return error;
  const { message, hint, exitCode, cause } = error;
  return new UserError(message, { place: { file }, exitCode, cause, ...(hint === undefined ? {} : { hint }) });
}

async function* rangeItems(start: number, end: number): AsyncGenerator<{ item: unknown; place: Place | undefined }> {
  for (let at = start; at < end; at++) yield { item: String(at), place: undefined };
}

function keyOf(worker: AnyWorker, { key: field, worker: file }: PlanRequest): (item: unknown) => string {
  const own = worker.key;
  if (own) {
    return (item) => {
      try {
        return checkKey(own(item as never), "the worker's `key`");
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new UserError(`the worker's \`key\` threw: ${error instanceof Error ? error.message : String(error)}`, {
          place: placeOf(error) ?? { file },
          hint: 'mend it, or check the items',
          cause: error,
        });
      }
    };
  }
  if (field === undefined) return defaultKey;
  return (item) => {
    const value: unknown = typeof item === 'object' && item !== null ? Reflect.get(item, field) : undefined;
    if (value === undefined) throw new UserError(`an item has no field ${JSON.stringify(field)}`, { hint: 'correct --key' });
    return checkKey(value, `the field ${JSON.stringify(field)}`);
  };
}

function checkKey(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw new UserError(`${what} gave ${value === '' ? 'an empty text' : typeof value}, not a text or a number`, {
    hint: 'a key identifies an item across runs; give one that is never empty',
  });
}
