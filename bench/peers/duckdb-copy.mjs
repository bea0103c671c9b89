// duckdb-copy.mjs THREADS OUTPUT PART…: NDJSON to Parquet by DuckDB; 0 threads: as many as it likes.
import { DuckDBInstance } from '@duckdb/node-api';

const [threads, output, ...parts] = process.argv.slice(2);
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
const instance = await DuckDBInstance.create(':memory:', threads === '0' ? {} : { threads });
const connection = await instance.connect();
await connection.run(
  `copy (select * from read_ndjson([${parts.map(quoted).join(', ')}])) to ${quoted(output)} (format parquet, compression snappy)`,
);
connection.closeSync();
