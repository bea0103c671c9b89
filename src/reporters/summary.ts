import { Chalk, type ChalkInstance } from 'chalk';
import type { Cause } from '../core/outcome.ts';
import { formatBytes, formatCount, formatDuration } from '../core/quantities.ts';
import { groupFailures, remedy } from '../core/remedy.ts';
import type { FailureRow, Report } from '../core/report.ts';
import { evidenceLines } from './evidence.ts';
import { budgetFacts } from './budgets.ts';
import { callLines } from './call-lines.ts';
import { plural } from './numbers.ts';
import { explainStop, isSetup } from './stops.ts';
import { escapeText, padEnd, shown, wrap } from './text.ts';

/** Lines are not wider than this, except for paths and commands, which are never cut. */
const WIDTH = 100;
const LABEL = 12;
const MOST_GROUPS = 10;
const MOST_KEYS = 5;
const MOST_WARNINGS = 10;

/** What is printed at the end of a run, on stderr; ends with a line break. */
export function formatSummary(report: Report, colour: boolean): string {
  const chalk = new Chalk({ level: colour ? 1 : 0 });
  const lines = [
    title(report, chalk),
    ...facts(report, chalk),
    ...warnings(report, chalk),
    ...failures(report, chalk),
    ...remedies(causesOf(report), chalk),
    ...next(report, chalk),
  ];
  return `${lines.join('\n')}\n`;
}

function title({ run, state, scope, stopped: why }: Report, chalk: ChalkInstance): string {
  if (state === 'stopped' && scope && why === null) {
    const what = scope.failed > 0 ? chalk.red(`${formatCount(scope.failed)} failed`) : chalk.green('all done');
    return `${chalk.bold(`Run ${shown(run, WIDTH)}`)}: ${what} of the ${plural(scope.total, 'item')} of this session; the rest can be resumed`;
  }
  const shownState = { done: chalk.green('done'), failed: chalk.red('failed'), stopped: chalk.yellow('stopped, can be resumed') }[state];
  return `${chalk.bold(`Run ${shown(run, WIDTH)}`)}: ${shownState}`;
}

function facts(report: Report, chalk: ChalkInstance): string[] {
  const { items, children, time, output, artifacts } = report;
  return [
    ...stopped(report.stopped, chalk),
    ...fact(chalk, 'Items', [
      `${formatCount(items.done)} of ${formatCount(items.total)} done`,
      ...(items.failed > 0 ? [chalk.red(`${formatCount(items.failed)} failed`)] : []),
      ...(items.owed > 0 ? [chalk.yellow(`${formatCount(items.owed)} left to do`)] : []),
    ]),
    ...fact(chalk, 'Rows', [formatCount(report.rows)]),
    ...fact(chalk, 'Failed by', byCause(report.failedByCause)),
    ...fact(chalk, 'Retries', report.retries > 0 ? [formatCount(report.retries)] : []),
    ...callLines(report.calls).flatMap(({ label, parts }) => fact(chalk, label, parts)),
    ...budgetFacts(report).flatMap(({ label, facts: said }) => fact(chalk, shown(label, LABEL - 2), said)),
    ...fact(chalk, 'Children', [
      `${formatCount(children.started)} started`,
      ...(children.died > 0 ? [chalk.red(`${formatCount(children.died)} died`)] : ['none died']),
    ]),
    ...fact(chalk, 'Peak memory', [
      `${formatBytes(children.peakRssBytes)} in a child`,
      `${formatBytes(report.parentPeakRssBytes)} in the parent`,
    ]),
    ...fact(chalk, 'Time', [
      formatDuration(time.wall),
      ...(report.speedUp === null ? [] : [`${report.speedUp.toFixed(1)} × the speed of the items one by one`]),
    ]),
    ...fact(chalk, '', [
      `planning ${formatDuration(time.planning)}`,
      `setup ${formatDuration(time.setup)}, items ${formatDuration(time.items)} and writing ${formatDuration(time.writing)} (summed over children)`,
      `merging ${formatDuration(time.merging)}`,
    ]),
    ...(output
      ? [
          place(chalk, 'Output', output.file),
          ...fact(chalk, '', [plural(output.rows, 'row'), formatBytes(output.bytes)]),
          ...fact(chalk, '', [`sha256 ${output.sha256}`]),
        ]
      : fact(chalk, 'Output', ['none'])),
    ...(artifacts
      ? [place(chalk, 'Artifacts', artifacts.folder), ...fact(chalk, '', [plural(artifacts.count, 'file'), formatBytes(artifacts.bytes)])]
      : []),
    place(chalk, 'Folder', report.folder),
    place(chalk, 'Logs', report.logs),
    ...fact(chalk, 'Kept rows', keptOldRows(report.keptOldRows)),
  ];
}

/** Why the session ended early, and where there is more about it. */
function stopped(reason: Report['stopped'], chalk: ChalkInstance): string[] {
  if (reason === null) return [];
  return [...fact(chalk, 'Stopped', [explainStop(reason)]), ...(reason.log === null ? [] : [place(chalk, '', `log ${reason.log}`)])];
}

/** A labelled line, wrapped where it is long; nothing when there is nothing to say. */
function fact(chalk: ChalkInstance, label: string, parts: readonly string[]): string[] {
  if (parts.length === 0) return [];
  return wrap(parts.join(', '), WIDTH - 2 - LABEL).map((line, at) => `  ${chalk.dim(padEnd(at === 0 ? label : '', LABEL))}${line}`);
}

/** A labelled path, which stays in one piece. */
function place(chalk: ChalkInstance, label: string, path: string): string {
  return `  ${chalk.dim(padEnd(label, LABEL))}${escapeText(path)}`;
}

function byCause(counts: Report['failedByCause']): string[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .map(([cause, count]) => `${cause} ${formatCount(count)}`);
}

function keptOldRows(keys: readonly string[]): string[] {
  if (keys.length === 0) return [];
  const first = keys.slice(0, MOST_KEYS).map((key) => shown(key, 16));
  const others = keys.length - first.length;
  const more = others > 0 ? ` and ${formatCount(others)} more` : '';
  return [`the old ones of ${plural(keys.length, 'item')} whose rerun failed: ${first.join(', ')}${more}`];
}

function warnings({ warnings: all }: Report, chalk: ChalkInstance): string[] {
  if (all.length === 0) return [];
  const first = all.slice(0, MOST_WARNINGS).flatMap((text) => indented(shown(text, 2 * WIDTH), 2));
  const others = all.length - MOST_WARNINGS;
  return ['', chalk.yellow('Warnings'), ...first, ...(others > 0 ? [`  … and ${formatCount(others)} more`] : [])];
}

/** The failures by message with a sample each. */
function failures({ failures: all, failuresLeftOut, folder }: Report, chalk: ChalkInstance): string[] {
  if (all.length === 0) return [];
  const groups = groupFailures(all);
  const first = groups.slice(0, MOST_GROUPS);
  const lines = first.flatMap(({ cause, message, count, sample }) => [
    ...indented(`${formatCount(count)} × ${cause}: ${shown(message, 2 * WIDTH)}`, 2).map((line) => chalk.red(line)),
    `    such as ${sampleOf(sample)}`,
    ...evidenceLines(sample.evidence, WIDTH).map(({ label, text }) => `    ${label} ${text}`),
    `    log ${escapeText(sample.log)}`,
  ]);
  const others = groups.length - first.length;
  const more = others > 0 ? [`  … and ${plural(others, 'more message')}: all are in ${escapeText(folder)}/report.json`] : [];
  const head =
    failuresLeftOut > 0 ? `Failures, the first ${formatCount(all.length)} of ${formatCount(all.length + failuresLeftOut)}` : 'Failures';
  return ['', chalk.bold(head), ...lines, ...more];
}

/** What somebody may have to mend, the most frequent first. */
function causesOf({ failures: all, stopped: reason }: Report): Cause[] {
  const failed = groupFailures(all).map(({ cause }) => cause);
  return [...new Set(isSetup(reason) ? ['setup-failed' as const, ...failed] : failed)];
}

function sampleOf({ key, index, shard, tries }: FailureRow): string {
  return `${shown(key, 40)} (item ${index}, shard ${shard}, ${plural(tries, 'try', 'tries')})`;
}

function remedies(causes: readonly Cause[], chalk: ChalkInstance): string[] {
  const known = causes.flatMap((cause) => {
    const advice = remedy(cause);
    return advice === undefined ? [] : [{ cause, advice }];
  });
  if (known.length === 0) return [];
  const room = Math.max(...known.map(({ cause }) => cause.length)) + 2;
  const lines = known.flatMap(({ cause, advice }) =>
    wrap(advice, WIDTH - 2 - room).map((line, at) => `  ${padEnd(at === 0 ? cause : '', room)}${line}`),
  );
  return ['', chalk.bold('What to do'), ...lines];
}

function next({ next: command, state }: Report, chalk: ChalkInstance): string[] {
  if (command === null) return [];
  const why = state === 'stopped' ? 'To go on' : 'To do again what failed';
  return ['', chalk.bold(`${why}:`), `  ${chalk.cyan(escapeText(command))}`];
}

/** Wraps a text; all lines are indented, the second and later ones by two more. */
function indented(text: string, by: number): string[] {
  return wrap(text, WIDTH - by - 2).map((line, at) => ' '.repeat(at === 0 ? by : by + 2) + line);
}
