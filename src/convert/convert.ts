// The worker behind `shardyard convert`: an item a table, which becomes a file.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { formatUserError, UserError } from '../core/errors.ts';
import { defineWorker, UnrecoverableError } from '../core/worker.ts';
import { type ConvertParams, fileName, tableNames, tableOf } from './tables.ts';
import { writeTable } from './write-table.ts';

/** What comes is what the command has made and checked. */
const params: StandardSchemaV1<unknown, ConvertParams> = {
  '~standard': { version: 1, vendor: 'shardyard', validate: (value) => ({ value: value as ConvertParams }) },
};

export default defineWorker({
  params,
  columns: ['table', 'file', 'rows', 'bytes', 'sha256'],
  async items(given) {
    const names = await tableNames(given);
    const files = new Map<string, string>();
    for (const name of names) {
      const file = fileName(name, given.to).toLowerCase();
      const other = files.get(file);
      if (other !== undefined) {
        throw new UserError(
          `the sheets ${JSON.stringify(other)} and ${JSON.stringify(name)} would both become ${fileName(name, given.to)}`,
          {
            place: { file: given.input },
            hint: 'rename one of them',
          },
        );
      }
      files.set(file, name);
    }
    return names;
  },
  async process(table: string, { params: given, log }) {
    try {
      const found = await tableOf(table, given);
      if (!found) {
        log(`sheet ${JSON.stringify(table)} is empty: there is no file for it`);
        return { table, file: null, rows: 0, bytes: 0, sha256: null };
      }
      mkdirSync(given.outDir, { recursive: true });
      const file = fileName(table, given.to);
      const { columns, rows, texts } = found;
      const format = given.to === 'ndjson' ? 'jsonl' : given.to;
      return { table, file, ...(await writeTable(join(given.outDir, file), format, rows, { ...(columns ? { columns } : {}), texts })) };
    } catch (error) {
      // The file will not be any better the next time.
      if (error instanceof UserError) throw new UnrecoverableError(formatUserError(error), { cause: error });
      throw error;
    }
  },
});
