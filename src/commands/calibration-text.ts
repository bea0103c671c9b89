import { formatBytes, formatCount, formatDuration } from '../core/quantities.ts';
import { formatPercent, plural } from '../reporters/numbers.ts';
import type { Calibration, Estimate, Machine, Shape } from '../core/calibration.ts';

const LABEL = 14;

/** What `plan --calibrate` has found, for people. */
export function formatCalibration(found: Calibration): string {
  const { run, items, measured, failed, itemMs, planned, suggested, machine, next } = found;
  const failures = failed > 0 ? `, ${formatCount(failed)} failed` : '';
  const lines = [
    `${run}: ${formatCount(measured)} of ${plural(items, 'item')} done and measured${failures}, one at a time, spread over the list`,
    ...(itemMs ? perItem(found, itemMs) : ['', 'Nothing was measured: see the failures above.']),
    '',
    line('This machine', machineOf(machine)),
    line('As planned', shapeOf(planned, planned.estimate)),
    ...(suggested ? [line('Suggested', shapeOf(suggested, suggested.estimate))] : []),
    ...(found.output
      ? [line('Output', `about ${plural(found.output.rows, 'row')}, ${formatBytes(found.output.bytes)} before any compression`)]
      : []),
  ];
  if (!next) return `${lines.join('\n')}\n`;
  const commands = ['', 'What was measured counts as done. To do the rest as planned:', `  ${next.planned}`];
  if (suggested && next.suggested !== next.planned) commands.push('or as suggested:', `  ${next.suggested}`);
  return `${[...lines, ...commands].join('\n')}\n`;
}

const line = (label: string, text: string): string => `  ${label.padEnd(LABEL)}${text}`;

function perItem(found: Calibration, { p50, p95, max }: NonNullable<Calibration['itemMs']>): string[] {
  const { cpuShare, memory, childStartMs, rowsPerItem, bytesPerItem } = found;
  const share = cpuShare === null ? '' : `; computes ${formatPercent(Math.round(cpuShare * 100), 100)} of it, else waits`;
  const growth =
    memory?.perItem === null ? 'too few items in one child to tell what each adds' : `${formatBytes(memory?.perItem ?? 0)} more per item`;
  return [
    line('Time per item', `p50 ${formatDuration(p50)}, p95 ${formatDuration(p95)}, max ${formatDuration(max)}${share}`),
    ...(memory ? [line('Memory', `a child starts with ${formatBytes(memory.start)}, ${growth}, peak ${formatBytes(memory.peak)}`)] : []),
    ...(childStartMs === null ? [] : [line('Child start', formatDuration(childStartMs))]),
    line('Rows per item', `${(rowsPerItem ?? 0).toFixed(1)}, ${formatBytes(bytesPerItem ?? 0)}`),
  ];
}

function machineOf({ cores, cpuQuota, memoryLimit, memoryAvailable }: Machine): string {
  return [
    plural(cores, 'core') + (cpuQuota === null ? '' : ` (a quota of ${cpuQuota.toFixed(1)})`),
    `${formatBytes(memoryAvailable)} of memory available${memoryLimit === null ? '' : ` (a limit of ${formatBytes(memoryLimit)})`}`,
  ].join(', ');
}

function shapeOf({ processes, concurrency, batchSize }: Shape, estimate: Estimate | null): string {
  const shape = `${plural(processes, 'process', 'processes')} × ${plural(concurrency, 'item')} at a time, batches of ${formatCount(batchSize)}`;
  if (!estimate) return shape;
  return `${shape}: about ${formatDuration(estimate.ms)} for the rest (${formatDuration(estimate.least)} to ${formatDuration(estimate.most)})`;
}
