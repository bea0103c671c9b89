import { open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { artifactsWithin } from '../core/artifact-owners.ts';
import type { RunChoice } from '../core/api.ts';
import { type Difference, firstDifference, rowAt } from '../core/verification.ts';
import { openPlanItems } from '../input/grid-reader.ts';
import type { ItemReader } from '../input/reader.ts';
import { findRun } from './find-run.ts';
import { ItemRows } from './item-rows.ts';
import { readState } from './replay.ts';
import { shapeOfRows } from './replan.ts';

const CHUNK = 1 << 20;
/** So many items are compared before the event loop gets a turn; so many characters of a row are shown. */
const TURN = 1000;
const SHOWN = 300;

/** The first difference between two runs that are over, byte for byte: of their outputs, and of the files that their items have made. */
export async function compareRuns(choice: RunChoice, alone: RunChoice): Promise<Difference | null> {
  const [a, b] = [opened(choice), opened(alone)];
  try {
    const artifact = differingArtifact(a, b);
    const files = [a.state.merged?.output, b.state.merged?.output] as const;
    const isSame = files[0] !== undefined && files[1] !== undefined && (await sameBytes(files[0], files[1]));
    if (isSame) return artifact;
    return (await differingRow(a, b)) ?? artifact ?? { what: 'output' };
  } finally {
    for (const { items, rows } of [a, b]) {
      items.close();
      rows?.close();
    }
  }
}

interface Opened {
  readonly state: ReturnType<typeof readState>['state'];
  readonly items: ItemReader;
  /** Of rows that can be looked at one by one: those in row groups of Parquet cannot. */
  readonly rows: ItemRows | undefined;
  readonly format: 'csv' | 'ndjson';
}

function opened(choice: RunChoice): Opened {
  const found = findRun(choice);
  const { state } = readState(found);
  const { plan } = state;
  if (!plan) throw new Error(`${found.manifest.run} has no plan`);
  const { partFormat } = shapeOfRows(state, found.manifest);
  const items = openPlanItems(plan, found.paths.folder);
  if (partFormat === 'parquet') return { state, items, rows: undefined, format: 'ndjson' };
  return { state, items, rows: new ItemRows(state, found.paths, partFormat), format: partFormat };
}

async function sameBytes(first: string, second: string): Promise<boolean> {
  await using a = await open(first, 'r');
  await using b = await open(second, 'r');
  if ((await a.stat()).size !== (await b.stat()).size) return false;
  const buffers = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)] as const;
  for (let at = 0; ;) {
    const { bytesRead } = await a.read(buffers[0], 0, CHUNK, at);
    if (bytesRead === 0) return true;
    for (let filled = 0; filled < bytesRead;) {
      const { bytesRead: more } = await b.read(buffers[1], filled, bytesRead - filled, at + filled);
      if (more === 0) return false;
      filled += more;
    }
    if (Buffer.compare(buffers[0].subarray(0, bytesRead), buffers[1].subarray(0, bytesRead)) !== 0) return false;
    at += bytesRead;
  }
}

async function differingRow(a: Opened, b: Opened): Promise<Difference | undefined> {
  if (!a.rows || !b.rows) return undefined;
  const keys = [a.items.readKeys(), b.items.readKeys()] as const;
  let before = 0;
  for (let index = 0; ; index++) {
    if (index % TURN === 0) await nextTurn();
    const [own, other] = [keys[0].next(), keys[1].next()];
    if (own.done && other.done) return undefined;
    const [key, aloneKey] = [own.done ? null : own.value.key, other.done ? null : other.value.key];
    if (key === null || key !== aloneKey) return { what: 'items', index, key, aloneKey };
    const [mine, its] = [a.rows.at(index), b.rows.at(index)];
    if (!mine !== !its) return { what: 'item', index, key, missingIn: mine ? 'alone' : 'run' };
    if (!mine || !its) continue;
    const at = firstDifference(mine.bytes, its.bytes);
    if (at < mine.bytes.length || at < its.bytes.length) {
      const [row, text] = textAt(mine.bytes, at, a.format);
      const [aloneRow, aloneText] = textAt(its.bytes, at, b.format);
      const rowOfItem = Math.min(row, aloneRow) + 1;
      return { what: 'row', index, key, row: before + rowOfItem, rowOfItem, text, aloneText };
    }
    before += mine.rows;
  }
}

/** The row that is at a position of an item's rows; none where they have ended before. */
function textAt(bytes: Uint8Array, position: number, format: 'csv' | 'ndjson'): [number: number, text: string | null] {
  const { number, start, end } = rowAt(bytes, position, format);
  return [number, start < bytes.length ? Buffer.from(bytes.subarray(start, end)).toString('utf8').slice(0, SHOWN) : null];
}

function differingArtifact({ state: a }: Opened, { state: b }: Opened): Difference | null {
  const its = artifactsWithin(b.coverage, b.commits);
  for (const { artifact } of artifactsWithin(a.coverage, a.commits)) {
    const { value } = its.next();
    const { key, name, bytes, sha256 } = artifact;
    const other = value?.artifact;
    if (!other || other.key !== key || other.name !== name || other.bytes !== bytes || other.sha256 !== sha256)
      return { what: 'artifact', key, name };
  }
  const more = its.next();
  return more.done ? null : { what: 'artifact', key: more.value.artifact.key, name: more.value.artifact.name };
}
