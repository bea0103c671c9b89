// duckdb-make.mjs ROWS OUTPUT: a Parquet file of prices, as other programs write it.
import { DuckDBInstance } from '@duckdb/node-api';

const [rows, output] = process.argv.slice(2);
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run(
  `copy (select 'SYM' || i % 500 as symbol, timestamp '2026-01-01' + interval (i) second as at, random() * 100 as open, random() * 100 as high,
     random() * 100 as low, random() * 100 as close, (random() * 1e6)::bigint as volume from range(${Number(rows)}) t(i))
   to '${output.replaceAll("'", "''")}' (format parquet, compression snappy)`,
);
connection.closeSync();
