import { accessSync, constants, mkdirSync, rmSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ColumnTypes } from '../core/column-type.ts';
import { UserError } from '../core/errors.ts';
import { parseAttemptName } from '../core/names.ts';
import type { RunState } from '../core/state.ts';
import { createColumnUnion } from '../formats/columns.ts';
import { parseRow } from '../formats/json-parse.ts';
import { createLines } from '../formats/lines.ts';
import { parseOutput } from '../formats/output.ts';
import type { ParquetOutput } from '../formats/parquet/output.ts';
import { openWriter, type OutputWriter } from '../formats/writer.ts';
import { readAgreedColumns } from '../store/agreed-columns.ts';
import { commitFile, publishText, temporaryName } from '../store/files.ts';
import type { Manifest } from '../store/manifest.ts';
import type { RunPaths } from '../store/paths.ts';
import { artifactList, checkArtifacts } from './artifact-list.ts';
import { commandFor, commandForItem } from './next-command.ts';
import { PartSource, type Take } from './part-source.ts';
import type { Folders } from './snapshot.ts';

/** So many bytes are copied before the event loop gets a turn. */
const TURN = 32 << 20;

export interface MergeJob {
  readonly state: RunState;
  readonly manifest: Manifest;
  readonly paths: RunPaths;
  readonly output: string;
  readonly strictColumns: boolean;
  /** For the command that mends a damaged part. */
  readonly folders?: Folders;
  /** Gives the merge up; the output stays as it was. */
  readonly signal?: AbortSignal;
}

export interface Merged {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Writes what is committed as one file, in item order, and beside it `<output>.meta.json`. The output has its name only
 * once it is whole and synced; until then, and if the parts do not verify (`UserError`, exit code 4), an earlier one stays.
 */
export async function mergeRun({ state, manifest, paths, output, strictColumns, folders, signal }: MergeJob): Promise<Merged> {
  const { format, compression } = parseOutput(output);
  const from = manifest.partFormat;
  mkdirSync(dirname(resolve(output)), { recursive: true });
  const rerun = (shard: number): string => commandFor('rerun', manifest.run, folders ?? {}, ` --shards ${shard}`);
  checkArtifacts(state, paths, (key) => commandForItem(manifest.run, key, folders ?? {}));
  const source = new PartSource({ state, parts: paths.parts, format: from, rerun });
  const temporary = temporaryName(output, manifest.run);
  try {
    const agreed = manifest.columns ?? agreedColumns(manifest, paths);
    const needsColumns = format === 'csv' || from === 'csv' || (format === 'parquet' && strictColumns);
    const declared = agreed ?? (needsColumns ? await unionOf(source, strictColumns, signal) : undefined);
    const parquet =
      format === 'parquet' ? await openParquet(source, { ...manifest, columns: declared, file: temporary }, signal) : undefined;
    const columns = parquet?.columns.map(({ name }) => name) ?? declared;
    const writer: OutputWriter = parquet ?? openWriter({ file: temporary, format, compression, from, columns });
    try {
      const rows = await source.read(withTurns((chunk) => writer.write(chunk), signal));
      const { bytes, sha256 } = await writer.finish();
      commitFile(temporary, output);
      await writeMeta(output, {
        columns: columns ?? null,
        ...typesOf(parquet?.columns),
        rows,
        bytes,
        sha256,
        parts: source.used.size,
        state,
        run: manifest.run,
      });
      return { file: output, rows, bytes, sha256 };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    rmSync(temporary, { force: true });
    source.close();
  }
}

/** Of rows that commands have written as CSV; none where there are no rows. */
function agreedColumns({ command, partFormat }: Manifest, { folder }: RunPaths): readonly string[] | undefined {
  return command && partFormat === 'csv' ? (readAgreedColumns(folder)?.columns ?? []) : undefined;
}

/** Loads what Parquet needs only where it is wanted. */
async function openParquet(
  source: PartSource,
  {
    file,
    partFormat: from,
    columns,
    types,
  }: Pick<Manifest, 'partFormat' | 'types'> & { file: string; columns: readonly string[] | undefined },
  signal: AbortSignal | undefined,
): Promise<ParquetOutput> {
  const { openParquetOutput } = await import('../formats/parquet/output.ts');
  return openParquetOutput({ file, from, columns, types, read: (take) => source.read(withTurns(take, signal)) });
}

/** The types of the columns, for the meta file of an output that has them. */
const typesOf = (columns: ParquetOutput['columns'] | undefined): Pick<Meta, 'types'> =>
  columns ? { types: Object.fromEntries(columns.map(({ name, type }) => [name, type])) } : {};

/** The columns of rows that declare none: one pass over all of them. `strict`: all rows must have the same. */
async function unionOf(source: PartSource, strict: boolean, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const union = createColumnUnion();
  const lines = createLines();
  let row = 0;
  let first = 0;
  const add = (line: string): void => {
    union.add(line);
    if (++row === 1) first = union.columns().length;
    if (strict) checkSame(line, row, union.columns(), first);
  };
  await source.read(
    withTurns((chunk) => {
      for (const line of lines.push(chunk)) add(line);
    }, signal),
  );
  for (const line of lines.end()) add(line);
  return union.columns();
}

function checkSame(line: string, row: number, columns: readonly string[], first: number): void {
  const own = Object.keys(parseRow(line, row));
  if (own.length === columns.length && columns.length === first) return;
  const differing = columns.length > first ? columns.slice(first) : columns.filter((column) => !own.includes(column));
  const names = differing.map((column) => JSON.stringify(column)).join(', ');
  throw new UserError(
    `row ${row} does not have the columns of the rows before it (${columns.length > first ? 'more' : 'without'}: ${names})`,
    {
      exitCode: 4,
      hint: 'declare `columns` in the worker, or merge without --strict-columns',
    },
  );
}

function withTurns(take: Take, signal: AbortSignal | undefined): Take {
  let bytes = 0;
  return async (chunk) => {
    bytes += chunk.length;
    const taken = take(chunk);
    if (taken) await taken;
    if (bytes < TURN) return;
    bytes = 0;
    await nextTurn();
    signal?.throwIfAborted();
  };
}

interface Meta {
  readonly run: string;
  readonly columns: readonly string[] | null;
  /** Of an output that has types. */
  readonly types?: ColumnTypes;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Number of parts that rows were taken from. */
  readonly parts: number;
  readonly state: RunState;
}

async function writeMeta(output: string, { state, ...meta }: Meta): Promise<void> {
  const items = { total: state.plan?.count ?? 0, done: state.coverage.size, failed: state.failures.size };
  const failedItems = [...state.failures.values()].toSorted((a, b) => a.index - b.index);
  await publishText(
    `${output}.meta.json`,
    `${JSON.stringify({ version: 1, ...meta, items, failedItems, ...artifactList(state) }, null, 2)}\n`,
  );
}

/** Names that a run's folder needs for itself. */
const RESERVED = /^(journal|items-\d+)\.ndjson$|^(manifest|report|live|owner|plan-\d+)\.json$|\.meta\.json$/;

/** Refuses an output that cannot become a file, or is one that is still needed (`inputs`), before anything is started. */
export function checkOutput(output: string, inputs: readonly (string | undefined)[] = []): void {
  parseOutput(output);
  const refuse = (why: string): never => {
    throw new UserError(`the output cannot be written: ${why}`, { place: { file: output }, hint: 'choose another --output' });
  };
  const name = basename(output);
  if (parseAttemptName(name) || RESERVED.test(name)) refuse('a run has a file of that name');
  if (inputs.some((input) => input !== undefined && resolve(input) === resolve(output))) refuse('it is what the run is made from');
  const look = (path: string): Stats | undefined => {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error));
    }
  };
  if (look(output)?.isDirectory()) refuse('it is a folder');
  for (let folder = dirname(resolve(output)); ; folder = dirname(folder)) {
    const found = look(folder);
    if (!found) continue;
    if (!found.isDirectory()) refuse(`${folder} is not a folder`);
    try {
      accessSync(folder, constants.W_OK);
    } catch {
      refuse(`${folder} is read-only`);
    }
    return;
  }
}
