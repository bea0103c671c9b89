import { basename, join } from 'node:path';
import type { RunChoice } from '../core/api.ts';
import { unreachable } from '../core/errors.ts';
import { formatCount, formatDuration } from '../core/quantities.ts';
import type { Report } from '../core/report.ts';
import type { Difference, Verification } from '../core/verification.ts';
import { plural } from '../reporters/numbers.ts';
import { escapeText, shown } from '../reporters/text.ts';
import { commandFor, quote } from '../run/next-command.ts';
import { formatTable } from './table.ts';

const LONGEST = 160;

/** What `run --verify` has found, for people. */
export function formatVerification(found: Verification): string {
  const { run, alone, processes, difference, time, aloneTime, speedUp } = found;
  const head = difference
    ? [
        `Verified ${run}: NOT the same as with one process, first at ${describe(difference)}`,
        `  the run with one process is kept as ${alone}`,
      ]
    : [`Verified ${run}: with ${plural(processes, 'process', 'processes')} the same bytes as with one`];
  const rows = (
    [
      ['planning', 'planning', ''],
      ['setup', 'setup', 'summed over children'],
      ['items', 'items', 'summed over children'],
      ['writing', 'writing', 'summed over children'],
      ['merging', 'merging', ''],
    ] as const
  ).map(([label, part, how]) => [label, formatDuration(time[part]), formatDuration(aloneTime[part]), how]);
  const table = formatTable(
    [
      { head: '' },
      { head: plural(processes, 'process', 'processes'), align: 'right' },
      { head: '1 process', align: 'right' },
      { head: '' },
    ],
    [['in all', formatDuration(time.wall), formatDuration(aloneTime.wall), `${speedUp.toFixed(2)} × the speed`], ...rows],
  );
  return `${[...head, ...table.trimEnd().split('\n')].join('\n')}\n`;
}

/** Which of the two runs was stopped, and what to type. */
export function notVerified(reports: readonly Report[], place: Omit<RunChoice, 'run'>): string {
  const [first, second] = reports;
  const runs = reports.map(({ run }) => run);
  const anew = `or start anew: ${runs.map((run) => commandFor('clean', run, place, ' --yes')).join(' && ')}, then the same command`;
  if (!first || !second) {
    const goOn = first ? `to have its rows: ${commandFor('resume', first.run, place)}` : '';
    return [`Not verified: ${first?.run ?? 'the run'} was stopped, and the run with one process was not begun`, goOn, anew].join('\n  ');
  }
  const other = first.output && join(second.folder, basename(first.output.file));
  return [
    `Not verified: ${first.run} is there, but ${second.run}, the run with one process, was stopped`,
    `to finish it: ${commandFor('resume', second.run, place)}`,
    ...(other && first.output ? [`then compare by hand: cmp ${quote(escapeText(first.output.file))} ${quote(escapeText(other))}`] : []),
    anew,
  ].join('\n  ');
}

function describe(difference: Difference): string {
  switch (difference.what) {
    case 'items': {
      const { index, key, aloneKey } = difference;
      return `item ${index} of the list: it is ${nameOf(key)}, with one process ${nameOf(aloneKey)}`;
    }
    case 'item':
      return `${nameOf(difference.key)}: it has no rows ${difference.missingIn === 'alone' ? 'with one process' : 'in this run'}`;
    case 'row': {
      const { key, index, row, rowOfItem, text, aloneText } = difference;
      const where = `row ${formatCount(row)}, row ${rowOfItem} of ${nameOf(key)} (item ${index})`;
      return `${where}:\n  ${rowText(text)}\n  with one process\n  ${rowText(aloneText)}`;
    }
    case 'artifact':
      return `the artifact ${shown(difference.name, LONGEST)} of ${nameOf(difference.key)}`;
    case 'output':
      return 'the merged output, although all rows are the same';
    default:
      return unreachable(difference);
  }
}

const nameOf = (key: string | null): string => (key === null ? 'missing' : shown(key, 60));
const rowText = (text: string | null): string => (text === null ? '(no row)' : shown(text, LONGEST));
