import type { Usage } from './events.ts';
import { defaultBatchSize } from './slices.ts';

/** An item that was measured; sizes in bytes before any compression. */
export interface MeasuredItem {
  readonly ms: number;
  readonly rows: number;
  readonly bytes: number;
}

/** What there is to share out. `cores`: what this process may use, by the scheduler and the cgroup's quota. Bytes. */
export interface Machine {
  readonly cores: number;
  readonly cpuQuota: number | null;
  readonly memoryLimit: number | null;
  readonly memoryAvailable: number;
}

/** How a run is split and worked on. */
export interface Shape {
  readonly processes: number;
  readonly concurrency: number;
  readonly batchSize: number;
}

/** A time in milliseconds, with the two between which it lies in 19 of 20 cases, as far as the sample is like the rest. */
export interface Estimate {
  readonly ms: number;
  readonly least: number;
  readonly most: number;
}

export interface Measurements {
  /** All items of the run, and how many are still to be done. */
  readonly items: number;
  readonly left: number;
  readonly failed: number;
  readonly sample: readonly MeasuredItem[];
  readonly attempts: readonly Usage[];
  /** Milliseconds from the start of a child until it was set up, one by one. */
  readonly starts: readonly number[];
  readonly machine: Machine;
  readonly planned: Shape;
}

/** What `plan --calibrate` has found. Times in milliseconds, sizes in bytes; null where nothing was measured. */
export interface Calibration {
  readonly run: string;
  readonly items: number;
  readonly measured: number;
  readonly failed: number;
  readonly itemMs: { readonly p50: number; readonly p95: number; readonly max: number; readonly mean: number } | null;
  /** The share of an item's time in which it computes, and in which it keeps the event loop busy. */
  readonly cpuShare: number | null;
  readonly busyShare: number | null;
  readonly memory: { readonly start: number; readonly perItem: number | null; readonly peak: number } | null;
  readonly childStartMs: number | null;
  readonly rowsPerItem: number | null;
  readonly bytesPerItem: number | null;
  readonly machine: Machine;
  readonly planned: Shape & { readonly estimate: Estimate | null };
  readonly suggested: (Shape & { readonly estimate: Estimate | null }) | null;
  /** Rows and bytes of the whole output, before compression. */
  readonly output: { readonly rows: number; readonly bytes: number } | null;
  /** The commands that finish the run, as planned and as suggested. */
  readonly next: { readonly planned: string; readonly suggested: string } | null;
}

/** Memory that is not given away, as a part of what is available. */
const RESERVE = 0.2;
/** More at a time than these bring little, and cost memory and whoever is asked. */
const MOST_CONCURRENCY = 16;
const MOST_PROCESSES = 64;
/** Starting children may take so large a part of the time that items take. */
const START_SHARE = 0.03;
const LARGEST_BATCH = 5000;
/** More processes must bring the time down to this part of it at least. */
const WORTH_IT = 0.95;
/** What a child takes to start where none has said. */
const CHILD_START = 100;

/** What measurements say about an item, and about the run on this machine. */
export function calibrate(found: Measurements): Omit<Calibration, 'run' | 'next'> {
  const { items, failed, sample, attempts, starts, machine, planned } = found;
  const head = { items, measured: sample.length, failed, machine, childStartMs: mean(starts) };
  const usage = usageOf(attempts);
  const facts = { memory: usage?.memory ?? null, cpuShare: usage?.cpuShare ?? null, busyShare: usage?.busyShare ?? null };
  const meanMs = mean(sample.map(({ ms }) => ms));
  if (meanMs === null || !usage) {
    const none = { itemMs: null, rowsPerItem: null, bytesPerItem: null, suggested: null, output: null };
    return { ...head, ...facts, ...none, planned: { ...planned, estimate: null } };
  }
  const sorted = sample.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const rowsPerItem = mean(sample.map(({ rows }) => rows)) ?? 0;
  const bytesPerItem = mean(sample.map(({ bytes }) => bytes)) ?? 0;
  const known: Known = { ...found, ...usage, meanMs, startMs: starts.length > 0 ? Math.min(...starts) : CHILD_START };
  const suggested = suggest(known);
  return {
    ...head,
    ...facts,
    itemMs: { p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0, mean: meanMs },
    rowsPerItem,
    bytesPerItem,
    planned: { ...planned, estimate: estimate(known, planned) },
    suggested: { ...suggested, estimate: estimate(known, suggested) },
    output: { rows: Math.round(rowsPerItem * items), bytes: Math.round(bytesPerItem * items) },
  };
}

interface UsageSums {
  readonly memory: { readonly start: number; readonly perItem: number | null; readonly peak: number };
  readonly cpuShare: number;
  readonly busyShare: number;
}

interface Known extends Measurements, UsageSums {
  readonly meanMs: number;
  readonly startMs: number;
}

function usageOf(attempts: readonly Usage[]): UsageSums | undefined {
  if (attempts.length === 0) return undefined;
  const sum = (of: (usage: Usage) => number): number => attempts.reduce((total, usage) => total + of(usage), 0);
  const wall = Math.max(
    0.001,
    sum(({ wallMs }) => wallMs),
  );
  return {
    memory: {
      start: sum(({ startRss }) => startRss) / attempts.length,
      perItem: mean(attempts.flatMap(({ growth }) => (growth === null ? [] : [growth]))),
      peak: Math.max(...attempts.map(({ peakRss }) => peakRss)),
    },
    cpuShare: Math.min(1, sum(({ cpuMs }) => cpuMs) / wall),
    busyShare: Math.min(1, sum(({ busyMs }) => busyMs) / wall),
  };
}

/**
 * The number of processes with which the rest is done soonest; of several that differ little, the least, as each costs memory. What only
 * waits, and lets the event loop go on meanwhile, goes beside others in one child; what blocks it takes another child.
 */
function suggest(known: Known): Shape {
  const { machine, left, memory, cpuShare, busyShare } = known;
  const room = machine.memoryAvailable * (1 - RESERVE);
  const places = 1 / Math.max(Math.max(cpuShare, busyShare), 0.01);
  const concurrency = clamp(Math.floor(Math.min(places, left / machine.cores)), 1, MOST_CONCURRENCY);
  const perChild = memory.peak + (concurrency - 1) * Math.max(0, memory.peak - memory.start);
  const most = clamp(Math.min(Math.floor(room / perChild), Math.ceil(left / concurrency)), 1, MOST_PROCESSES);
  let best: Shape = { processes: 1, concurrency, batchSize: batchFor(known, 1, concurrency) };
  for (let processes = 2; processes <= most; processes++) {
    const shape = { processes, concurrency, batchSize: batchFor(known, processes, concurrency) };
    if (estimate(known, shape).ms < WORTH_IT * estimate(known, best).ms) best = shape;
  }
  return best;
}

/** So many items to a batch that starting children hardly counts, every process gets several, and none outgrows its share of the memory. */
function batchFor({ machine, left, memory, meanMs, startMs }: Known, processes: number, concurrency: number): number {
  const cheap = Math.ceil((startMs * concurrency) / (START_SHARE * Math.max(meanMs, 0.001)));
  const even = Math.floor(left / (4 * processes));
  const size = Math.max(defaultBatchSize(left, processes), Math.min(cheap, even));
  const share = (machine.memoryAvailable * (1 - RESERVE)) / processes - memory.start;
  const grown = memory.perItem ? share / memory.perItem : Infinity;
  return clamp(Math.floor(Math.min(size, grown)), 1, LARGEST_BATCH);
}

/** How long the rest takes: as many items at a time as there are places, unless the cores are busy before that. */
function estimate({ machine, left, sample, cpuShare, busyShare, meanMs, startMs }: Known, shape: Shape): Estimate {
  const { processes, concurrency, batchSize } = shape;
  const places = processes * Math.min(concurrency, 1 / Math.max(busyShare, 0.01));
  const startCpu = startMs / batchSize;
  const each = Math.max(meanMs / places, (meanMs * cpuShare + startCpu) / Math.min(machine.cores, processes));
  const ms = Math.min(left, 1) * startMs + left * each;
  const deviation = Math.sqrt((mean(sample.map((item) => (item.ms - meanMs) ** 2)) ?? 0) / Math.max(1, sample.length - 1));
  const spread = meanMs > 0 ? Math.min(1, (2 * deviation) / meanMs) : 0;
  return { ms, least: ms * (1 - spread), most: ms * (1 + spread) };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(Math.max(least, most), value));
