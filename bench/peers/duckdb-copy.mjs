// duckdb-copy.mjs THREADS OUTPUT PART…: NDJSON, or Parquet, to one Parquet file by DuckDB; 0 threads: as many as it likes.
import { DuckDBInstance } from '@duckdb/node-api';

const [threads, output, ...parts] = process.argv.slice(2);
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
const instance = await DuckDBInstance.create(':memory:', threads === '0' ? {} : { threads });
const connection = await instance.connect();
const reader = parts[0].endsWith('.parquet') ? 'read_parquet' : 'read_ndjson';
await connection.run(
  `copy (select * from ${reader}([${parts.map(quoted).join(', ')}])) to ${quoted(output)} (format parquet, compression snappy)`,
);
connection.closeSync();
