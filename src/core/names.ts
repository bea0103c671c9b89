import type { PartFormat } from './part-format.ts';
import { UserError } from './errors.ts';
import type { AttemptId } from './events.ts';

const pad = (index: number): string => String(index).padStart(5, '0');

/** `shard-00003` */
export const shardName = (shard: number): string => `shard-${pad(shard)}`;

/** `shard-00003.batch-00002.attempt-1`, the stem of a part's and a ledger's name. */
export const attemptName = ({ shard, batch, attempt }: AttemptId): string => `${shardName(shard)}.batch-${pad(batch)}.attempt-${attempt}`;

/** The log of a shard, or, for a batch that another shard's slot took over, a log of its own. */
export const logName = ({ shard, batch }: { shard: number; batch: number }, stolen: boolean): string =>
  stolen ? `${shardName(shard)}.batch-${pad(batch)}.log` : `${shardName(shard)}.log`;

export const partName = (id: AttemptId, format: PartFormat): string => `${attemptName(id)}.${format}`;
export const ledgerName = (id: AttemptId): string => `${attemptName(id)}.ledger.ndjson`;
/** Where an attempt's artifacts are until they are committed, within the run's folder. */
export const stagedName = (id: AttemptId): string => `staged/${attemptName(id)}`;
export const planName = (plan: number): string => `plan-${plan}.json`;
export const itemsName = (plan: number): string => `items-${plan}.ndjson`;

/** Reads `shard-00003.batch-00002.attempt-1.csv` back; `undefined` for any other name. */
export function parseAttemptName(file: string): AttemptId | undefined {
  const match = /^shard-(\d+)\.batch-(\d+)\.attempt-(\d+)\./.exec(file);
  return match ? { shard: Number(match[1]), batch: Number(match[2]), attempt: Number(match[3]) } : undefined;
}

/** A run's name is a folder's name: letters, digits, `.`, `_` and `-`, not starting with a dot or dash, at most 100 characters. */
export function checkRunName(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  throw new UserError(`the run name ${JSON.stringify(name.slice(0, 120))} cannot be a folder's name`, {
    hint: 'use letters, digits, ".", "_" and "-" (at most 100 characters, the first one a letter, digit or "_")',
  });
}

/** The default name of a run: `fx-features-20261121T224540Z`. `at` in milliseconds since 1970. */
export function defaultRunName(worker: string, at: number): string {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${worker}-${time}`;
}

/** The worker's name: its file's name without folder and extension, made safe for file names. */
export function workerName(file: string): string {
  const base = file.split(/[\\/]/).at(-1) ?? file;
  const stem = base.replace(/\.[cm]?[jt]s$/, '');
  const safe = stem.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '');
  return safe.slice(0, 60) || 'worker';
}
