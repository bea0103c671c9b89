import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/core/options.ts';
import type { Output } from '../../src/reporters/sink.ts';
import { createReporter } from '../../src/reporters/index.ts';
import { committed, createSource, event, ManualClock, Paper, report, Terminal } from './support.ts';

const events = [event({ type: 'warned', message: 'odd\nthing' }), committed(0, 200)];

/** Plays some events to a reporter. */
async function play(kind: Progress, stderr: Output, stdout: Output = new Paper()): Promise<void> {
  const reporter = createReporter(kind, { stdout, stderr }, createSource({ done: 200 }), { clock: new ManualClock(), totalMemory: 24e9 });
  for (const one of events) reporter.onEvent(one);
  reporter.onEnd(report());
  await turn();
}

const plain = ['Warning odd\\nthing', 'Batch 1  [0,200)  ok  47.1s  200 items  RSS 182 MB (0.8 %)', 'Progress 200/3600 (5.6 %)'];

describe('createReporter', () => {
  it.each(['auto', 'bar', 'plain'] as const)('%s prints plain lines where stderr is no terminal', async (kind) => {
    const [stdout, stderr] = [new Paper(), new Paper()];
    await play(kind, stderr, stdout);
    expect(stderr.lines).toEqual(plain);
    expect(stdout.text).toBe('');
  });

  it('plain prints no terminal codes on a terminal', async () => {
    const terminal = new Terminal();
    await play('plain', terminal);
    expect(terminal.lines).toEqual(plain);
  });

  it('does not draw on a terminal without a size', async () => {
    const terminal = new Terminal(0, 0);
    await play('auto', terminal);
    expect(terminal.lines).toEqual(plain);
  });

  it('json prints every event as a line on stdout, and nothing on stderr', async () => {
    const [stdout, stderr] = [new Paper(), new Paper()];
    await play('json', stderr, stdout);
    expect(stdout.lines.map((line): unknown => JSON.parse(line))).toEqual(events);
    expect(stderr.text).toBe('');
  });

  it('none prints nothing', async () => {
    const [stdout, terminal] = [new Paper(), new Terminal()];
    await play('none', terminal, stdout);
    expect(stdout.text + terminal.text).toBe('');
  });

  it.each(['json', 'plain', 'bar'] as const)('%s goes on when whoever reads is gone', async (kind) => {
    const gone = new Terminal();
    gone.destroy(new Error('EPIPE'));
    await play(kind, gone, gone);
    await turn();
    expect(gone.text).toBe('');
  });
});
