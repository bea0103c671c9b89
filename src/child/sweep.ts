// Loaded where parameters are swept.
import { combinationAt, combinationText, type Grid } from '../core/grid.ts';
import type { AnyWorker, Row } from '../core/worker.ts';
import { asRow } from '../formats/row.ts';
import type { FrozenItem } from '../input/item-reader.ts';
import type { InitMessage } from '../ipc/messages.ts';
import type { Shared } from './context.ts';
import type { Encode } from './emit-rows.ts';
import { validateParams } from './params.ts';

export { gridReader } from '../input/grid-reader.ts';

/** What items are worked on with: what they share, and how their rows are written. */
export interface Setting {
  readonly shared: Shared;
  readonly encode: Encode;
}

interface SweepOptions extends Setting {
  readonly worker: AnyWorker;
  readonly init: InitMessage;
  readonly grid: Grid;
}

/** The combinations of swept parameters that this child has met: the worker is set up for each of them when its first item comes. */
export class Sweep {
  readonly #options: SweepOptions;
  readonly #settings = new Map<number, Setting>();
  readonly #underway = new Map<number, Promise<Setting>>();
  /** Milliseconds that setting up has taken. */
  setupMs = 0;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** The setting of an item's combination; rejects with what `setup` has thrown, and is made anew when it is asked for again. */
  of({ swept }: FrozenItem): Setting | Promise<Setting> {
    const combination = swept?.combination ?? 0;
    const known = this.#settings.get(combination) ?? this.#underway.get(combination);
    if (known) return known;
    const underway = this.#setUp(combination).finally(() => this.#underway.delete(combination));
    this.#underway.set(combination, underway);
    return underway;
  }

  /** Cleans up after all of them, in the order in which they were set up. */
  async teardown(): Promise<void> {
    const { worker } = this.#options;
    for (const { shared } of this.#settings.values()) await worker.teardown?.(shared.state as never);
  }

  async #setUp(combination: number): Promise<Setting> {
    const { worker, init, grid, shared, encode } = this.#options;
    const { log } = shared;
    const before = performance.now();
    try {
      const params = await validateParams(worker, { ...init.params, ...combinationAt(grid, combination) }, init.worker);
      const { signal } = new AbortController();
      const state: unknown = await worker.setup?.({ params: params as never, signal, log });
      const setting = { shared: { ...shared, params, state }, encode: withLead(leadOf(grid, params), encode) };
      this.#settings.set(combination, setting);
      return setting;
    } catch (error) {
      log(`setup for ${combinationText(grid, combination)} failed:`, error);
      const { message, name } = error instanceof Error ? error : new Error(String(error));
      throw Object.assign(new Error(`setup for ${combinationText(grid, combination)} failed: ${message}`, { cause: error }), { name });
    } finally {
      this.setupMs += performance.now() - before;
    }
  }
}

/** The swept parameters as the schema gives them: the first columns of every row. */
function leadOf(grid: Grid, params: unknown): Row {
  const fields: Readonly<Record<string, unknown>> = typeof params === 'object' && params !== null ? { ...params } : {};
  return Object.fromEntries(grid.map(({ name }) => [name, fields[name]]));
}

function withLead(lead: Row, encode: Encode): Encode {
  const names = Object.keys(lead);
  return (row) => {
    const own = asRow(row);
    const twice = names.find((name) => Object.hasOwn(own, name));
    if (twice !== undefined)
      throw new Error(`the row has a column ${JSON.stringify(twice)}, which --grid puts in front of every row: leave it out`);
    return encode({ ...lead, ...own });
  };
}
