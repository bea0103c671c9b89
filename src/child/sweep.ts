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
  /** Also of those that have failed: whoever cannot be set up for is not set up for again with every item. */
  readonly #asked = new Map<number, Promise<Setting>>();
  /** Milliseconds that setting up has taken. */
  setupMs = 0;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** The setting of an item's combination, where the worker is set up for it. */
  known({ swept }: FrozenItem): Setting | undefined {
    return this.#settings.get(swept?.combination ?? 0);
  }

  /** Sets the worker up for an item's combination, once; rejects with what `setup` has thrown. `signal`: of the item that comes first. */
  async of({ swept }: FrozenItem, signal: () => AbortSignal): Promise<Setting> {
    const combination = swept?.combination ?? 0;
    const asked = this.#asked.get(combination) ?? this.#setUp(combination, signal());
    this.#asked.set(combination, asked);
    return asked;
  }

  /** Cleans up after all of them, in the order in which they were set up; rejects with what the first that fails throws. */
  async teardown(): Promise<void> {
    const { worker, grid, shared } = this.#options;
    const errors: unknown[] = [];
    for (const [combination, setting] of this.#settings) {
      try {
        await worker.teardown?.(setting.shared.state as never);
      } catch (error) {
        if (errors.push(error) > 1) shared.log(`teardown for ${combinationText(grid, combination)} failed:`, error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  async #setUp(combination: number, signal: AbortSignal): Promise<Setting> {
    const { worker, init, grid, shared, encode } = this.#options;
    const { log } = shared;
    const before = performance.now();
    try {
      const params = await validateParams(worker, { ...init.params, ...combinationAt(grid, combination) }, init.worker);
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
