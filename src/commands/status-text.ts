import { formatBytes, formatCount, formatDuration } from '../core/quantities.ts';
import { remedy } from '../core/remedy.ts';
import { evidenceLines } from '../reporters/evidence.ts';
import { isGoingOn } from '../core/report.ts';
import { budgetLines } from '../reporters/budgets.ts';
import { callLines } from '../reporters/call-lines.ts';
import { formatPercent, formatRate, formatSeconds, plural } from '../reporters/numbers.ts';
import { doingText } from '../reporters/steering-notices.ts';
import { explainStop, isSetup } from '../reporters/stops.ts';
import { escapeText, shown } from '../reporters/text.ts';
import { commandFor } from '../run/next-command.ts';
import { formatTable } from './table.ts';
import type { ChalkInstance } from 'chalk';
import type { RunChoice } from '../core/api.ts';
import type { ShardStatus, Status } from '../core/report.ts';

const MOST_FAILURES = 20;
const MOST_EVIDENCE = 5;

/** `shardyard status` for people. `place` goes into the command that does what is left. */
export function formatStatus(status: Status, place: Omit<RunChoice, 'run'>, chalk: ChalkInstance): string {
  return [head(status, chalk), alarms(status, chalk), shardTable(status.shards, chalk), failures(status, chalk), next(status, place, chalk)]
    .filter((section) => section !== '')
    .join('\n');
}

const paint = (state: Status['state'] | ShardStatus['state'], chalk: ChalkInstance): string => {
  if (state === 'done') return chalk.green(state);
  if (state === 'failed') return chalk.red(state);
  return state === 'running' || state === 'planning' ? chalk.cyan(state) : chalk.yellow(state);
};

function head(
  { run, state, stopped, items, rows, rate, etaSeconds, peakRssBytes, output, calls, budgets }: Status,
  chalk: ChalkInstance,
): string {
  const { total, done, failed, running, waiting } = items;
  const counts = [
    `${formatCount(done)} of ${plural(total, 'item')} done${total > 0 ? ` (${formatPercent(done, total)})` : ''}`,
    ...(failed > 0 ? [chalk.red(`${formatCount(failed)} failed`)] : []),
    ...(running > 0 ? [`${formatCount(running)} running`] : []),
    ...(waiting > 0 ? [`${formatCount(waiting)} waiting`] : []),
    plural(rows, 'row'),
    ...(rate === null ? [] : [formatRate(rate)]),
    ...(etaSeconds === null ? [] : [`ETA ${formatSeconds(etaSeconds)}`]),
    ...(peakRssBytes === null ? [] : [`at most ${formatBytes(peakRssBytes)} in a child`]),
  ];
  const api = budgetLines(budgets, chalk).map((line) => `${line}\n`);
  return `${chalk.bold(run)}  ${paint(state, chalk)}\n${why(stopped)}${counts.join(', ')}\n${api.join('')}${called(calls)}output ${escapeText(output)}\n`;
}

function called(calls: Status['calls']): string {
  return callLines(calls)
    .map(({ label, parts }) => `${label === '' ? '  ' : `${label.toLowerCase()} `}${parts.join(', ')}\n`)
    .join('');
}

function why(stopped: Status['stopped']): string {
  if (stopped === null) return '';
  const log = stopped.log === null ? '' : `log ${escapeText(stopped.log)}\n`;
  return `stopped: ${explainStop(stopped)}\n${log}${isSetup(stopped) ? `${remedy('setup-failed')}\n` : ''}`;
}

const memory = (bytes: number | null): string => (bytes === null ? '-' : formatBytes(bytes));

/** What is stuck, and below it what all children were doing when that was noticed. */
function alarms({ alarms: all }: Status, chalk: ChalkInstance): string {
  const lines = all.map(({ shard, quietMs, p99Ms }) => {
    const usual = `99 % of its items take less than ${formatDuration(p99Ms)}`;
    return chalk.red(`alarm: shard ${shard} has finished nothing for ${formatDuration(quietMs)}; ${usual}`);
  });
  const doing = all.at(-1)?.doing.flatMap(doingText) ?? [];
  return lines.length === 0 ? '' : `${[...lines, ...doing].join('\n')}\n`;
}

function shardTable(shards: readonly ShardStatus[], chalk: ChalkInstance): string {
  if (shards.length === 0) return '';
  const waits = shards.some(({ waitedMs }) => waitedMs !== undefined);
  return formatTable(
    [
      { head: 'shard', align: 'right' },
      { head: 'items' },
      { head: 'state' },
      { head: 'done', align: 'right' },
      { head: 'failed', align: 'right' },
      { head: 'rows', align: 'right' },
      { head: 'attempts', align: 'right' },
      { head: 'pid', align: 'right' },
      { head: 'memory', align: 'right' },
      { head: 'peak', align: 'right' },
      ...(waits ? [{ head: 'waited', align: 'right' } as const] : []),
    ],
    shards.map(({ index, start, end, state, done, failed, rows, attempts, pid, rssBytes, peakRssBytes, waitedMs }) => [
      String(index),
      `[${start},${end})`,
      paint(state, chalk),
      `${formatCount(done)}/${formatCount(end - start)}`,
      failed > 0 ? chalk.red(formatCount(failed)) : '0',
      formatCount(rows),
      formatCount(attempts),
      pid === null ? '-' : String(pid),
      memory(rssBytes),
      memory(peakRssBytes),
      ...(waits ? [waitedMs === undefined ? '-' : formatDuration(waitedMs)] : []),
    ]),
  );
}

function failures({ failures: all, failuresLeftOut }: Status, chalk: ChalkInstance): string {
  if (all.length === 0) return '';
  const first = all.slice(0, MOST_FAILURES);
  const table = formatTable(
    [
      { head: 'item', align: 'right' },
      { head: 'key' },
      { head: 'shard', align: 'right' },
      { head: 'cause' },
      { head: 'tries', align: 'right' },
      { head: 'message' },
      { head: 'log' },
    ],
    first.map(({ index, key, shard, cause, tries, message, log }) => [
      String(index),
      shown(key, 40),
      String(shard),
      cause,
      String(tries),
      shown(message, 80),
      escapeText(log),
    ]),
  );
  const others = all.length - first.length + failuresLeftOut;
  const where = failuresLeftOut > 0 ? `status --json lists the first ${formatCount(all.length)}` : 'status --json has all';
  const causes = [...new Set(all.map(({ cause }) => cause))];
  const advice = causes.flatMap((cause) => {
    const what = remedy(cause);
    return what === undefined ? [] : [`${cause}: ${what}\n`];
  });
  const more = others > 0 ? `… and ${formatCount(others)} more: ${where}\n` : '';
  return `${chalk.bold('Failed items')}\n${table}${more}${evidence(all)}${advice.join('')}`;
}

/** How the children died that died over items, of the first few. */
function evidence(all: Status['failures']): string {
  return all
    .filter((failure) => failure.evidence !== null)
    .slice(0, MOST_EVIDENCE)
    .flatMap(({ index, key, evidence: seen }) => [
      `item ${index} (${shown(key, 40)}):`,
      ...evidenceLines(seen, 100).map(({ label, text }) => `  ${label} ${text}`),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function next({ run, state, items, stopped }: Status, place: Omit<RunChoice, 'run'>, chalk: ChalkInstance): string {
  if (stopped?.why === 'merge') return '';
  if (state === 'interrupted' || state === 'stopped') return `to go on: ${chalk.bold(commandFor('resume', run, place))}\n`;
  if (state === 'paused') return `to go on: ${chalk.bold(commandFor('ctl', run, place, ' continue'))}\n`;
  if (state === 'suspended') return `to go on: ${chalk.bold('fg')} in its terminal, or send SIGCONT to its process\n`;
  if (isGoingOn(state) || items.failed === 0) return '';
  return `to do again what failed: ${chalk.bold(commandFor('rerun', run, place, ' --failed'))}\n`;
}
