import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { RunChoice } from '../core/api.ts';
import { calibrate, type Calibration, type MeasuredItem, type Shape } from '../core/calibration.ts';
import type { Usage } from '../core/events.ts';
import { ledgerName } from '../core/names.ts';
import { readJournal } from '../store/journal.ts';
import { readLedger } from '../store/ledger.ts';
import type { RunPaths } from '../store/paths.ts';
import { findRun } from './find-run.ts';
import { machineHere } from './machine.ts';
import { commandFor } from './next-command.ts';
import { readState } from './replay.ts';

/** What a run says about itself of which some items have been measured. */
export async function calibrationOf(choice: RunChoice): Promise<Calibration> {
  const found = findRun(choice);
  const { paths, manifest } = found;
  const { state } = readState(found);
  const { settings } = manifest;
  const planned: Shape = {
    processes: settings.processes,
    concurrency: settings.concurrency,
    batchSize: state.plan?.batchSize ?? settings.batchSize,
  };
  const result = calibrate({
    items: state.plan?.count ?? 0,
    left: state.owed.size,
    failed: state.failures.size,
    ...measurements(paths),
    machine: machineHere(),
    planned,
  });
  const { suggested } = result;
  const finish = (more: string): string => commandFor('resume', manifest.run, choice, more);
  const next =
    state.owed.size === 0 ? null : { planned: finish(''), suggested: suggested ? finish(flagsOf(suggested, planned)) : finish('') };
  return { run: manifest.run, ...result, next };
}

/** The options that make one shape of another; shards stay as they are. */
function flagsOf(to: Shape, from: Shape): string {
  return [
    to.processes === from.processes ? '' : ` -p ${to.processes}`,
    to.batchSize === from.batchSize ? '' : ` --batch-size ${to.batchSize}`,
    to.concurrency === from.concurrency ? '' : ` --concurrency ${to.concurrency}`,
  ].join('');
}

function measurements(paths: RunPaths): { sample: MeasuredItem[]; attempts: Usage[]; starts: number[] } {
  const sample: MeasuredItem[] = [];
  const attempts: Usage[] = [];
  const starts: number[] = [];
  const startedAt = new Map<number, number>();
  readJournal(paths.journal, (event) => {
    if (event.type === 'child-started') startedAt.set(event.child, event.at);
    else if (event.type === 'child-ready') starts.push(event.at - (startedAt.get(event.child) ?? event.at));
    else if (event.type === 'committed') {
      const { usage, ledgerBytes } = event.receipt;
      if (usage) attempts.push(usage);
      sample.push(...itemsOf(join(paths.parts, ledgerName(event)), ledgerBytes));
    }
  });
  return { sample, attempts, starts };
}

function itemsOf(ledger: string, bytes: number): MeasuredItem[] {
  const descriptor = openSync(ledger, 'r');
  try {
    return [...readLedger(descriptor, bytes)].flatMap((line) =>
      line.status === 'done' ? shares(line.items ?? 1, { ms: line.ms, rows: line.rows, bytes: line.end - line.start }) : [],
    );
  } finally {
    closeSync(descriptor);
  }
}

/** Items that have their rows together share what they took. */
const shares = (items: number, { ms, rows, bytes }: MeasuredItem): MeasuredItem[] =>
  Array.from({ length: items }, () => ({ ms: ms / items, rows: rows / items, bytes: bytes / items }));
