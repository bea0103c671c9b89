import type { PartFormat } from '../core/part-format.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ColumnTypes } from '../core/column-type.ts';
import type { CommandSpec } from '../core/command.ts';
import type { Arrangement } from '../core/arrangement.ts';
import type { BudgetSettings } from '../core/budget-spec.ts';
import { UserError } from '../core/errors.ts';
import type { Grid } from '../core/grid.ts';
import type { Deadline } from '../core/options.ts';
import type { Plan } from '../core/plan.ts';
import { planName } from '../core/names.ts';
import { asDiskError, isExhausted } from './disk-error.ts';
import { publishText } from './files.ts';

const VERSION = 1;

/** What a run was started with, every default filled in. Times in milliseconds, sizes in bytes; absent: off. */
export interface RunSettings extends Arrangement {
  readonly processes: number;
  readonly shards: number;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly stagger: number;
  readonly spares: number;
  readonly nodeArgs: readonly string[];
  readonly retries: number;
  readonly batchTimeout: number;
  readonly itemTimeout?: number;
  readonly stallTimeout?: number;
  readonly maxRss?: number;
  readonly memoryFree?: number;
  readonly maxFailures: { readonly count: number } | { readonly percent: number };
  readonly halt?: { readonly when: 'now' | 'soon'; readonly fail: { readonly count: number } | { readonly percent: number } };
  /** Of the first session; later ones have their own. */
  readonly deadline?: Deadline;
  readonly strictColumns: boolean;
  readonly budgets?: BudgetSettings;
  readonly output: string;
  /** As given: a file, list or range; absent: the worker's own items. */
  readonly items?: string;
  readonly key?: string;
  readonly limit?: number;
  readonly grid?: Grid;
  /** `off`, an absolute folder, or the URL of a Redis; absent in runs that were planned before there was a cache: off. */
  readonly cache?: string;
  readonly cacheTtl?: number;
  readonly cacheSize?: number;
  readonly maxCalls?: number;
  readonly maxTokens?: number;
  readonly maxCost?: number;
  /** True where batch size and shards follow from the number of processes and items, so that a resume may choose anew. */
  readonly automatic: { readonly shards: boolean; readonly batchSize: boolean };
}

/** What a run is; written once. */
export interface Manifest {
  readonly version: typeof VERSION;
  readonly run: string;
  readonly createdAt: string;
  readonly shardyard: string;
  readonly node: string;
  /** Marks the run's processes in their environment. */
  readonly token: string;
  /** Of a command the script, or the executable; the checksum is of the command line, too. */
  readonly worker: { readonly file: string; readonly sha256: string };
  /** What makes the rows, where it is no worker module. */
  readonly command?: CommandSpec;
  /** As given, before the worker's schema. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Parameters that are swept, as of the first plan; a later one may have other values. */
  readonly grid?: Grid;
  readonly columns: readonly string[] | null;
  /** Declared by the worker, of some or all columns. */
  readonly types?: ColumnTypes;
  readonly partFormat: PartFormat;
  readonly settings: RunSettings;
  /** Its first session was to freeze the plan, and at most to measure some items. */
  readonly isPlanned?: true;
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await publishText(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The run's manifest; `undefined` when there is none, so that the folder is no run. */
export function readManifest(folder: string): Manifest | undefined {
  return readVersioned<Manifest>(join(folder, 'manifest.json'), VERSION);
}

export async function writePlan(folder: string, plan: Plan): Promise<void> {
  await publishText(join(folder, planName(plan.index)), `${JSON.stringify(plan)}\n`);
}

/** Reads `plan-0.json` … as far as they are there. */
export function readPlans(folder: string): Plan[] {
  const plans: Plan[] = [];
  for (;;) {
    const plan = readVersioned<Plan>(join(folder, planName(plans.length)), 1);
    if (!plan) return plans;
    plans.push(plan);
  }
}

/** A file that only Shardyard writes, whole or not at all: its version is checked, its fields are believed. */
function readVersioned<T extends { readonly version: number }>(file: string, version: number): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    if (error instanceof Error && 'code' in error && isExhausted(String(error.code))) throw asDiskError(error, 'give the command again');
    throw new UserError(`cannot be read (${error instanceof Error ? error.message : String(error)})`, {
      place: { file },
      hint: 'check its permissions',
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError('is not JSON any more', { place: { file }, hint: 'restore it from a backup, or start a new run' });
  }
  const found = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
  if (typeof found === 'number' && found > version) {
    throw new UserError(`was written by a newer Shardyard (format ${found}; this one knows ${version})`, {
      place: { file },
      hint: 'update Shardyard (`npm install shardyard@latest`) and try again',
    });
  }
  if (found !== version) throw new UserError('is not a file of Shardyard', { place: { file }, hint: 'restore it, or start a new run' });
  return value as T;
}
