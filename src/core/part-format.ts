/** How rows stand in parts: CSV without a header, NDJSON, or, of commands that write it, whole Parquet files one behind the other. */
export type PartFormat = 'csv' | 'ndjson' | 'parquet';
