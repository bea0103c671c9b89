import type { StandardSchemaV1 } from '@standard-schema/spec';
import { validateParams } from '../../src/child/params.ts';
import type { Permit } from '../../src/core/permit.ts';
import type { AnyWorker, Row, Worker } from '../../src/core/worker.ts';
import { rowChecker } from '../../src/formats/typed-row.ts';
import { NO_CALLS } from '../support/no-calls.ts';

/** Parameters as the command line gives them. */
export type Given = Readonly<Record<string, unknown>>;

const permit = async (): Promise<Permit> => ({ waitedMs: 0, settle: () => undefined });

/** What one child makes of these items (default: of all the worker's own): set up once, unlike `runItem`. Rows are checked against the types. */
export async function workThrough<Schema extends StandardSchemaV1 | undefined, State>(
  typed: Worker<Schema, string, State>,
  given: Given = {},
  choose: (items: readonly string[]) => readonly string[] = (items) => items,
): Promise<{ readonly items: readonly string[]; readonly rows: readonly Row[]; readonly log: readonly string[] }> {
  const worker: AnyWorker = typed;
  const params = await validateParams(worker, given, 'the worker');
  const log: string[] = [];
  const shared = {
    params: params as never,
    signal: new AbortController().signal,
    log: (...values: readonly unknown[]) => void log.push(values.join(' ')),
  };
  const listed: string[] = [];
  for await (const item of (await worker.items?.(params as never)) ?? []) listed.push(item);
  if (!worker.setup) throw new Error('the worker has lost its setup');
  const state = await worker.setup(shared);
  const check = rowChecker(worker.types ?? {});
  const rows: Row[] = [];
  const items = choose(listed);
  for (const [index, key] of items.entries()) {
    const made = await worker.process(key, { ...shared, ...NO_CALLS, permit, state, index, key, shard: 0, batch: 0, attempt: 1 });
    if (!Array.isArray(made)) throw new Error('not an array of rows');
    for (const row of made) check(row);
    rows.push(...made);
  }
  return { items, rows, log };
}
