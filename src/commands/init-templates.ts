/** The worker that `init` writes. */
export const WORKER = `import { defineWorker } from 'shardyard';

// A worker says what to do with one item. Shardyard does the rest: processes, retries, crashes, resuming, merging.
//   all items:                    shardyard run
//   those of a file, one a line:  shardyard run --items list.txt
export default defineWorker({
  // What to work on. --items takes precedence.
  items: () => Array.from({ length: 100 }, (_, number) => \`item-\${number}\`),

  // The columns of the output, in order.
  columns: ['item', 'length'],

  // One item in; a row, several rows (an array or an async generator) or nothing out.
  // The rows must depend on the item and the parameters only: an item may be done again after a crash.
  // If this throws, the item is tried again, and then counts as failed; all other items are done.
  process: async (item, { log, signal }) => {
    signal.throwIfAborted(); // pass the signal on to fetch() and the like, so that timeouts end them
    log('working on', item); // goes to logs/<run>/shard-00000.log; see shardyard logs
    return { item, length: item.length };
  },
});
`;

/** The test of that worker. `name` is the name of the worker's file without `.ts`. */
export function testText(name: string): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runItem } from 'shardyard/testing';
import worker from './${name}.ts';

// Runs one item in this process, as a child would. Start it with: node --test ${name}.test.ts
test('an item gives a row with its length', async () => {
  assert.deepEqual(await runItem(worker, 'item-7'), [{ item: 'item-7', length: 6 }]);
});
`;
}

/** The config that makes `shardyard run` find it. */
export function configText(name: string): string {
  return `# Options of "shardyard run", each by the name of its flag. A flag or a SHARDYARD_… variable takes precedence.
# All of them: shardyard run --help
worker: ${name}.ts

# processes: 4          # children at a time; default: as many as there are CPUs and memory for
# batch-size: 50        # items per child before it is retired, which keeps memory bounded
# concurrency: 8        # items in flight inside one child, for I/O-bound work
# retries: 2            # tries again of a failed item
# item-timeout: 30s
# max-rss: 1GB
# output: data/${name}.csv
# params:               # for workers with a schema for parameters
#   yearsBack: 10
`;
}
