import { checkCopied } from './check-copied.ts';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Arrangement } from '../core/arrangement.ts';
import type { ColumnTypes } from '../core/column-type.ts';
import { UserError } from '../core/errors.ts';
import { piecesOf } from '../core/pieces.ts';
import type { RunState } from '../core/state.ts';
import { createColumnUnion } from '../formats/columns.ts';
import { parseRow } from '../formats/json-parse.ts';
import { createLines } from '../formats/lines.ts';
import { parseOutput } from '../formats/output.ts';
import type { ParquetOptions, ParquetOutput } from '../formats/parquet/output.ts';
import { openWriter, type OutputWriter } from '../formats/writer.ts';
import { readAgreedColumns } from '../store/agreed-columns.ts';
import { commitFile, publishText, temporaryName } from '../store/files.ts';
import type { Manifest } from '../store/manifest.ts';
import type { RunPaths } from '../store/paths.ts';
import { arrange, type Read } from './arrange.ts';
import { artifactList, checkArtifacts } from './artifact-list.ts';
import type { EarlyJob } from './early-job.ts';
import type { EarlyMerge } from './early-merge.ts';
import { commandFor, commandForItem } from './next-command.ts';
import { PartSource, type Take } from './part-source.ts';
import { refusedName } from './refused-rows.ts';
import { RowLocator } from './row-locator.ts';
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
  /** What was written of it while the run went on. */
  readonly early?: EarlyMerge;
  readonly arrangement?: Arrangement;
  /** Tells apart who may write the same output at the same time; default: the run's name. */
  readonly owner?: string;
}

export interface Merged {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** What was ready early was written while the run went on. */
  readonly early?: true;
}

/**
 * Writes what is committed as one file, in item order, and beside it `<output>.meta.json`. The output has its name only
 * once it is whole and synced; until then, and if the parts do not verify (`UserError`, exit code 4), an earlier one stays.
 */
export async function mergeRun(job: MergeJob): Promise<Merged> {
  mkdirSync(dirname(resolve(job.output)), { recursive: true });
  checkCopied(job.manifest.partFormat, job.output, job.arrangement ?? {});
  // Beside a session at work, some are still on their way.
  if (job.owner === undefined) checkArtifacts(job.state, job.paths, (key) => commandForItem(job.manifest.run, key, job.folders ?? {}));
  const early = await finishEarly(job);
  if (early) return early;
  const { state, manifest, paths, output, strictColumns, arrangement = {}, folders, signal, owner = manifest.run } = job;
  const { format, compression } = parseOutput(output);
  const from = manifest.partFormat;
  const command = (verb: string, more: string): string => commandFor(verb, manifest.run, folders ?? {}, more);
  const rerun = (shard: number): string => command('rerun', ` --shards ${shard}`);
  const source = new PartSource({ parts: paths.parts, format: from, rerun });
  const all: Read = (take) => source.read(piecesOf(state), withTurns(take, signal));
  const temporary = temporaryName(output, owner);
  const locator = (): RowLocator => new RowLocator({ state, source, folder: paths.folder });
  let arranged: Awaited<ReturnType<typeof arrange>> | undefined;
  try {
    if (from === 'parquet') {
      const copied = await (await import('./merge-parquet.ts')).mergeParquet(source, piecesOf(state), { file: temporary, signal });
      return await published(job, temporary, { ...copied, parts: source.used.size });
    }
    const agreed = manifest.columns ?? agreedColumns(manifest, paths);
    const needsColumns = format === 'csv' || from === 'csv' || (format === 'parquet' && strictColumns);
    const declared = agreed ?? (needsColumns ? await unionOf(all, strictColumns) : undefined);
    const spill = join(paths.folder, temporaryName('rows.sqlite', basename(temporary, '.tmp')));
    if (Object.keys(arrangement).length > 0)
      arranged = await arrange({ arrangement, from, columns: declared, read: all, output, temporary: spill, command, locator });
    const parquet =
      format === 'parquet' ? await openParquet(all, { from, types: manifest.types, columns: declared, file: temporary }) : undefined;
    const columns = parquet?.columns.map(({ name }) => name) ?? declared;
    const writer: OutputWriter = parquet ?? openWriter({ file: temporary, format, compression, from, columns });
    try {
      const write: Take = (chunk) => writer.write(chunk);
      const rows = await (arranged ? arranged.read(withTurns(write, signal)) : all(write));
      const { bytes, sha256 } = await writer.finish();
      const types = typesOf(parquet?.columns);
      return await published(job, temporary, { columns: columns ?? null, ...types, rows, bytes, sha256, parts: source.used.size });
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    rmSync(temporary, { force: true });
    arranged?.close();
    source.close();
  }
}

type EarlyWanted = Pick<MergeJob, 'manifest' | 'paths' | 'output' | 'strictColumns' | 'arrangement'>;

/** What a thread may write while the run goes on; `undefined` where the output is not known before its last row. */
export function earlyJob({ manifest, paths, output, strictColumns, arrangement = {} }: EarlyWanted): EarlyJob | undefined {
  const kind = parseOutput(output);
  const from = manifest.partFormat;
  const columns = manifest.columns ?? agreedColumns(manifest, paths);
  if (from === 'parquet') return undefined;
  // Parquet has its types before its first row; what is asked of all rows shows with the last one.
  if (kind.format === 'parquet' || Object.keys(arrangement).length > 0 || (!columns && (strictColumns || from === 'csv'))) return undefined;
  return { ...kind, parts: paths.parts, from, file: temporaryName(output, manifest.run), columns };
}

/** Publishes what a thread has written, as far as it is what the merge would write now. */
async function finishEarly(job: MergeJob): Promise<Merged | undefined> {
  const { early, signal = new AbortController().signal } = job;
  const wanted = earlyJob(job);
  if (!early || !wanted || JSON.stringify(early.job) !== JSON.stringify(wanted)) {
    await early?.drop();
    return undefined;
  }
  const written = await early.finish(signal);
  signal.throwIfAborted();
  return written && { ...(await published(job, wanted.file, written)), early: true };
}

async function published(job: MergeJob, temporary: string, what: Omit<Meta, 'run' | 'state' | 'arrangement'>): Promise<Merged> {
  const { output, state, manifest, arrangement } = job;
  commitFile(temporary, output);
  await writeMeta(output, { ...what, ...(arrangement && { arrangement }), state, run: manifest.run });
  // What it lists was of an earlier merge.
  rmSync(refusedName(output), { force: true });
  const { rows, bytes, sha256 } = what;
  return { file: output, rows, bytes, sha256 };
}

/** Of rows that commands have written as CSV; none where there are no rows. */
function agreedColumns({ command, partFormat }: Manifest, { folder }: RunPaths): readonly string[] | undefined {
  return command && partFormat === 'csv' ? (readAgreedColumns(folder)?.columns ?? []) : undefined;
}

/** Loads what Parquet needs only where it is wanted. */
async function openParquet(
  read: Read,
  { file, from, columns, types }: Pick<ParquetOptions, 'file' | 'from' | 'columns' | 'types'>,
): Promise<ParquetOutput> {
  const { openParquetOutput } = await import('../formats/parquet/output.ts');
  return openParquetOutput({ file, from, columns, types, read });
}

/** The types of the columns, for the meta file of an output that has them. */
const typesOf = (columns: ParquetOutput['columns'] | undefined): Pick<Meta, 'types'> =>
  columns ? { types: Object.fromEntries(columns.map(({ name, type }) => [name, type])) } : {};

/** The columns of rows that declare none: one pass over all of them. `strict`: all rows must have the same. */
async function unionOf(read: Read, strict: boolean): Promise<readonly string[]> {
  const union = createColumnUnion();
  const lines = createLines();
  let row = 0;
  let first = 0;
  const add = (line: string): void => {
    union.add(line);
    if (++row === 1) first = union.columns().length;
    if (strict) checkSame(line, row, union.columns(), first);
  };
  await read((chunk) => {
    for (const line of lines.push(chunk)) add(line);
  });
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
  readonly arrangement?: Arrangement;
  readonly state: RunState;
}

async function writeMeta(output: string, { state, arrangement: { unique, sort, validate } = {}, ...rest }: Meta): Promise<void> {
  const meta = {
    ...rest,
    ...(unique && { unique }),
    ...(sort && { sorted: sort }),
    ...(validate !== undefined && { validated: validate }),
  };
  const items = { total: state.plan?.count ?? 0, done: state.coverage.size, failed: state.failures.size };
  const failedItems = [...state.failures.values()].toSorted((a, b) => a.index - b.index);
  await publishText(
    `${output}.meta.json`,
    `${JSON.stringify({ version: 1, ...meta, items, failedItems, ...artifactList(state) }, null, 2)}\n`,
  );
}
