import { describe, expect, it } from 'vitest';
import type { FailureRow, Report } from '../../src/core/report.ts';
import { formatSummary } from '../../src/reporters/summary.ts';
import { widthOf } from '../../src/reporters/text.ts';
import { plainText, report } from './support.ts';

const lines = (change: Partial<Report> = {}): string[] => formatSummary(report(change), false).split('\n');
const row = (change: Partial<FailureRow> = {}): FailureRow => ({
  index: 17,
  key: 'AAPL',
  shard: 3,
  cause: 'item-timeout',
  message: 'no answer after 30 s',
  tries: 3,
  evidence: null,
  log: 'logs/fx/shard-00003.log',
  ...change,
});

describe('formatSummary', () => {
  it('of a run that is done', () => {
    expect(lines({ retries: 31 })).toEqual([
      'Run fx: done',
      '  Items       3,600 of 3,600 done',
      '  Rows        432,000',
      '  Retries     31',
      '  Children    24 started, none died',
      '  Peak memory 182 MB in a child, 88.0 MB in the parent',
      '  Time        4m33s, 3.6 × the speed of the items one by one',
      '              planning 213ms, setup 3.1s, items 16m12s and writing 1.2s (summed over children),',
      '              merging 412ms',
      '  Output      data/runs/fx/fx.csv',
      '              432,000 rows, 12.3 MB',
      `              sha256 ${'ab'.repeat(32)}`,
      '  Folder      data/runs/fx',
      '  Logs        logs/fx',
      '',
    ]);
  });

  it('of a run with failures groups them, shows a sample, says what to do, and ends with the command', () => {
    const failures = [
      row({ key: 'A', message: 'boom', cause: 'error', tries: 1 }),
      ...['MSFT', 'GOOG'].map((key, at) => row({ key, index: at, message: `no answer for ${key} after ${30 + at} s` })),
    ];
    const all = lines({
      state: 'failed',
      items: { total: 3600, done: 3597, failed: 3, owed: 0 },
      children: { started: 24, died: 2, peakRssBytes: 1 },
      failedByCause: { error: 1, 'item-timeout': 2 },
      failures,
      next: 'npx shardyard rerun fx --failed',
    });
    expect(all[0]).toBe('Run fx: failed');
    expect(all).toContain('  Items       3,597 of 3,600 done, 3 failed');
    expect(all).toContain('  Failed by   item-timeout 2, error 1');
    expect(all).toContain('  Children    24 started, 2 died');
    expect(all.slice(all.indexOf('Failures'))).toEqual([
      'Failures',
      '  2 × item-timeout: no answer for <key> after <n> s',
      '    such as MSFT (item 0, shard 3, 3 tries)',
      '    log logs/fx/shard-00003.log',
      '  1 × error: boom',
      '    such as A (item 17, shard 3, 1 try)',
      '    log logs/fx/shard-00003.log',
      '',
      'What to do',
      expect.stringMatching(/^ {2}item-timeout {2}.*--item-timeout/),
      expect.any(String),
      expect.stringMatching(/^ {2}error {9}The worker threw/),
      expect.any(String),
      '',
      'To do again what failed:',
      '  npx shardyard rerun fx --failed',
      '',
    ]);
  });

  it('of a run that was stopped says what is left and how to go on', () => {
    const all = lines({
      state: 'stopped',
      items: { total: 3600, done: 600, failed: 0, owed: 3000 },
      output: null,
      speedUp: null,
      next: 'npx shardyard resume fx',
    });
    expect(all[0]).toBe('Run fx: stopped, can be resumed');
    expect(all).toContain('  Items       600 of 3,600 done, 3,000 left to do');
    expect(all).toContain('  Output      none');
    expect(all).toContain('  Time        4m33s');
    expect(all.slice(-4)).toEqual(['', 'To go on:', '  npx shardyard resume fx', '']);
  });

  it('says why a run was stopped, where there is more, and what to do about it', () => {
    const all = lines({ state: 'stopped', stopped: { why: 'setup', message: 'no database\nat db:5432', log: 'logs/fx/setup.log' } });
    expect(all.slice(1, 3)).toEqual([
      '  Stopped     the worker cannot be set up: no database\\nat db:5432',
      '              log logs/fx/setup.log',
    ]);
    expect(all.slice(all.indexOf('What to do')).join(' ')).toMatch(/ setup-failed {2}The worker could not be imported/);
    const halted = lines({ state: 'stopped', stopped: { why: 'halt', message: '3 of 9 items, --halt soon,fail=3', log: null } });
    expect(halted[1]).toBe('  Stopped     as many items have failed as --halt allows: 3 of 9 items, --halt soon,fail=3');
    expect(halted).not.toContain('What to do');
    expect(lines({ stopped: { why: 'SIGINT', message: null, log: null } })[1]).toBe('  Stopped     interrupted (SIGINT)');
  });

  it('says how many of the failures it knows', () => {
    const all = lines({ failures: [row(), row()], failuresLeftOut: 59_998 });
    expect(all).toContain('Failures, the first 2 of 60,000');
  });

  it('names items that kept their old rows, and warnings', () => {
    const all = lines({ keptOldRows: ['A', 'B', 'C', 'D', 'E', 'F', 'G'], warnings: ['odd\nthing'] });
    expect(all).toContain('  Kept rows   the old ones of 7 items whose rerun failed: A, B, C, D, E and 2 more');
    expect(all.slice(-4)).toEqual(['', 'Warnings', '  odd\\nthing', '']);
  });

  it('is at most 100 columns wide and safe whatever keys, messages and causes are', () => {
    const nasty = '\x1b[2J\r\n東京 '.repeat(300);
    const causes = [
      'error',
      'exit',
      'no-receipt',
      'signal',
      'heap-limit',
      'oom-killed',
      'item-timeout',
      'batch-timeout',
      'stalled',
      'rss-limit',
      'setup-failed',
    ] as const;
    const text = formatSummary(
      report({
        failures: causes.map((cause) => row({ cause, key: nasty, message: `${nasty}${cause}` })),
        failedByCause: Object.fromEntries(causes.map((cause) => [cause, 1_000_000])),
        keptOldRows: [nasty, nasty, nasty, nasty, nasty, nasty],
        warnings: Array.from({ length: 100 }, () => nasty),
        items: { total: 1e9, done: 1e8, failed: 1e8, owed: 8e8 },
      }),
      false,
    );
    for (const line of text.split('\n')) expect(widthOf(line), line).toBeLessThanOrEqual(100);
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(text.split('\n').length).toBeLessThan(140);
  });

  it('shows the first ten of many messages and says where the others are', () => {
    const failures = Array.from({ length: 15 }, (_, at) => row({ message: 'x'.repeat(at + 1) }));
    expect(lines({ failures })).toContain('  … and 5 more messages: all are in data/runs/fx/report.json');
  });

  it('never cuts paths and commands', () => {
    const long = `data/${'deep/'.repeat(40)}fx.csv`;
    const all = lines({ output: { file: long, rows: 1, bytes: 1, sha256: 'ab' }, next: `npx shardyard rerun ${long}` });
    expect(all).toContain(`  Output      ${long}`);
    expect(all).toContain(`  npx shardyard rerun ${long}`);
  });

  it('uses colours only when asked, and they change nothing else', () => {
    const failing = report({ state: 'failed', failures: [row()], items: { total: 2, done: 1, failed: 1, owed: 0 }, next: 'x' });
    const coloured = formatSummary(failing, true);
    expect(coloured).toContain('\x1b[31m');
    expect(formatSummary(failing, false)).not.toContain('\x1b');
    expect(plainText(coloured)).toBe(formatSummary(failing, false));
  });
});
