import { afterEach, describe, expect, it } from 'vitest';
import type { Reporter } from '../../src/core/handle.ts';
import type { Snapshot } from '../../src/core/report.ts';
import { createReporter } from '../../src/reporters/index.ts';
import { createSource, event, ManualClock, Paper, report, slotView, Terminal } from './support.ts';

const slots = (count: number) => Array.from({ length: count }, (_, slot) => slotView(slot));

const open = new Set<Reporter>();
afterEach(() => {
  for (const reporter of open) reporter.onEnd(report());
  open.clear();
});

/** Bars on a terminal, with the first frame drawn. */
async function begin(size: { columns?: number; rows?: number } = {}, start: Partial<Snapshot> = {}) {
  const terminal = new Terminal(size.columns, size.rows);
  const stdout = new Paper();
  const clock = new ManualClock();
  const source = createSource({ slots: slots(2), ...start });
  const first = terminal.written();
  const reporter = createReporter('auto', { stdout, stderr: terminal }, source, { clock });
  await first;
  open.add(reporter);
  return { terminal, stdout, clock, source, reporter };
}

const warned = (message: string) => event({ type: 'warned', message });

describe('bars', () => {
  it('are redrawn in place', async () => {
    const { terminal, clock, source, stdout } = await begin();
    expect(terminal.screen).toHaveLength(3);
    expect(terminal.screen.at(-1)).toContain('0/3,600');
    source.set({ done: 900 });
    clock.advance(200);
    expect(terminal.screen).toHaveLength(3);
    expect(terminal.screen.at(-1)).toContain('900/3,600');
    expect(stdout.text).toBe('');
  });

  it('are written at most 10 times a second, however much happens, and not at all when nothing changes', async () => {
    const { terminal, clock, source, reporter } = await begin();
    const before = terminal.chunks.length;
    for (let ms = 0; ms < 1000; ms++) {
      source.set({ done: ms, elapsedMs: ms });
      reporter.onEvent(event({ type: 'child-ready', child: 1, setupMs: 1 }));
      clock.advance(1);
    }
    const frames = terminal.chunks.length - before;
    expect(frames).toBeGreaterThanOrEqual(2);
    expect(frames).toBeLessThanOrEqual(10);
    clock.advance(10_000);
    expect(terminal.chunks.length - before).toBe(frames);
  });

  it('stay below what has happened', async () => {
    const { terminal, clock, source, reporter } = await begin();
    reporter.onEvent(warned('first'));
    reporter.onEvent(warned('second'));
    clock.advance(200);
    source.set({ done: 5 });
    reporter.onEvent(warned('third'));
    clock.advance(200);
    expect(terminal.screen).toEqual([
      'Warning first',
      'Warning second',
      'Warning third',
      expect.stringMatching(/^ 0 {2}shard 0/),
      expect.stringMatching(/^ 1 {2}shard 1/),
      expect.stringMatching(/^run .* 5\/3,600/),
    ]);
  });

  it('wrap long messages at words', async () => {
    const { terminal, clock, reporter } = await begin({ columns: 40 });
    reporter.onEvent(warned('one two three four five six seven eight nine'));
    clock.advance(200);
    expect(terminal.screen.slice(0, 2)).toEqual(['Warning one two three four five six', 'seven eight nine']);
  });

  it('hold back a flood of messages', async () => {
    const { terminal, clock, reporter } = await begin();
    for (let at = 0; at < 500; at++) reporter.onEvent(warned(`odd ${at}`));
    clock.advance(1200);
    expect(terminal.screen).toHaveLength(10 + 1 + 3);
    expect(terminal.screen[10]).toBe('… and 490 more warnings');
  });

  it('are drawn anew when the terminal gets narrower or wider, without rests', async () => {
    const { terminal, clock, source, reporter } = await begin({ columns: 120 });
    reporter.onEvent(warned('above'));
    clock.advance(200);
    for (const columns of [60, 30, 150]) {
      const written = terminal.text.length;
      terminal.resize(columns, 24);
      expect(terminal.text.length).toBeGreaterThan(written);
    }
    source.set({ done: 7 });
    clock.advance(200);
    expect(terminal.screen.at(-1)).toContain('7/3,600');
    expect(terminal.screen.filter((line) => line.startsWith('run'))).toHaveLength(1);
  });

  it('erase as many lines as the old ones take up in a narrower terminal', async () => {
    const { terminal } = await begin({ columns: 120 });
    const rows = terminal.screen.reduce((sum, line) => sum + Math.ceil(line.length / 30), 0);
    expect(rows).toBeGreaterThan(3);
    const written = terminal.text.length;
    terminal.resize(30, 24);
    expect(terminal.text.slice(written).startsWith(`\x1b[${rows}A\r\x1b[J`)).toBe(true);
  });

  it('show what fits the height', async () => {
    const { terminal } = await begin({ rows: 6 }, { slots: slots(12) });
    expect(terminal.screen).toHaveLength(5);
    expect(terminal.screen[3]).toBe('… and 9 more');
    terminal.resize(100, 24);
    expect(terminal.screen).toHaveLength(13);
  });

  it('leave the line of the run behind, and what was not printed yet; then nothing ticks or listens', async () => {
    const { terminal, clock, source, reporter } = await begin();
    source.set({ done: 3600, phase: 'ended' });
    reporter.onEvent(warned('at last'));
    expect(process.listenerCount('SIGCONT')).toBe(1);
    reporter.onEnd(report());
    open.delete(reporter);
    terminal.write('Run fx: done\n');
    expect(terminal.screen).toEqual(['Warning at last', expect.stringMatching(/^ended .* 3,600\/3,600 .* 100\.0 %/), 'Run fx: done']);
    expect(clock.timers).toBe(0);
    expect(terminal.listenerCount('resize')).toBe(0);
    expect(process.listenerCount('SIGCONT')).toBe(0);
  });

  it('print what happened even if the run ends before the first frame', async () => {
    const terminal = new Terminal();
    const reporter = createReporter('bar', { stdout: new Paper(), stderr: terminal }, createSource());
    reporter.onEvent(warned('quick'));
    reporter.onEnd(report());
    await import('log-update');
    expect(terminal.screen).toEqual(['Warning quick']);
  });

  it('use colours only where the terminal has them', async () => {
    const { terminal } = await begin();
    expect(terminal.text).not.toContain('\x1b[32m');
    const colourful = new Terminal();
    colourful.colours = true;
    const drawn = colourful.written();
    const reporter = createReporter('bar', { stdout: new Paper(), stderr: colourful }, createSource({ done: 900 }), {
      clock: new ManualClock(),
    });
    await drawn;
    open.add(reporter);
    expect(colourful.text).toContain('\x1b[32m');
  });

  it('never show the cursor-moving codes of a key', async () => {
    const { terminal } = await begin({}, { slots: [slotView(0, { lastKey: '\x1b[2J\nKEY' })] });
    expect(terminal.screen[0]).toContain('\\x1b[2J\\nKEY');
  });
});
