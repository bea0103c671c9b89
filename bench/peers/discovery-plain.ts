// strategy-discovery without Shardyard: one process, one loop, one file. Arguments: the file, how many strategies, how many resamples.
import type { Row } from 'shardyard';
import { writeParquet } from 'shardyard/parquet';
import worker from '../../workers/strategy-discovery.ts';

const [output = '', limit = '4620', resamples] = process.argv.slice(2);
const params = worker.params?.parse(resamples === undefined ? {} : { resamples });
if (!params || !worker.setup || !worker.items) throw new Error('the worker has changed its shape');
const signal = new AbortController().signal;
const shared = { params, signal, log: () => undefined };
const state = await worker.setup(shared);
const items = [...((await worker.items(params)) as Iterable<string>)].slice(0, Number(limit));

async function* rows(): AsyncGenerator<Row> {
  for (const [index, key] of items.entries()) {
    const context = { ...shared, state, index, key, shard: 0, batch: 0, attempt: 1 };
    // It asks for nothing else of its context.
    yield* (await worker.process(key, context as Parameters<typeof worker.process>[1])) as Iterable<Row>;
  }
}

await writeParquet(output, rows(), { columns: worker.columns ?? [], types: worker.types ?? {} });
