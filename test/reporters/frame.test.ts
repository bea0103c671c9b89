import { Chalk } from 'chalk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame } from '../../src/reporters/frame.ts';
import { widthOf } from '../../src/reporters/text.ts';
import { createSource, plainText, slotView } from './support.ts';

const plain = new Chalk({ level: 0 });
const coloured = new Chalk({ level: 1 });
const slots = (count: number) => Array.from({ length: count }, (_, slot) => slotView(slot));
const run = createSource({ done: 230, failed: 10, rate: 12.34, etaSeconds: 273, elapsedMs: 65_000 }).now;

describe('frame', () => {
  it('shows a line for each slot and one for the run', () => {
    const busy = [
      slotView(0),
      slotView(1, { stolen: true, rate: null, lastKey: 'a\nb' }),
      slotView(2, { shard: null, batch: null, total: 0, rssBytes: 60e6 }),
    ];
    expect(frame({ ...run, slots: busy }, { columns: 120, lines: 20 }, plain)).toEqual([
      ' 0  shard 0 batch 2   █████░░░░░░░░░░░░░░░   50/200    4.3/s   182 MB  AAPL',
      ' 1  shard 1 batch 2*  █████░░░░░░░░░░░░░░░   50/200            182 MB  a\\nb',
      ' 2  idle                                                      60.0 MB',
      'run  ██░░░░░░░░░░░░░░░░░░░░░░░░░░░░  240/3,600    6.7 %  10 failed  12.3 items/s  ETA 4m33s  1m05s',
    ]); // prettier-ignore
  });

  it('shows a slot between two batches without numbers', () => {
    const between = slotView(0, { batch: null, done: 0, total: 0, rate: null, rssBytes: null, lastKey: null });
    expect(frame({ ...run, slots: [between] }, { columns: 120, lines: 9 }, plain)[0]).toBe(' 0  shard 0');
  });

  it('shows as many slots as fit, those with work first, and how many there are more', () => {
    const twelve = slots(12).map((slot) => (slot.slot < 3 ? { ...slot, shard: null, batch: null } : slot));
    const lines = frame({ ...run, slots: twelve }, { columns: 80, lines: 6 }, plain);
    expect(lines).toHaveLength(6);
    expect(lines.slice(0, 4).map((line) => line.trim().slice(0, 1))).toEqual(['3', '4', '5', '6']);
    expect(lines[4]).toBe('… and 8 more');
    expect(lines[5]).toMatch(/^run /);
  });

  it('shows the line of the run alone where there is no more room', () => {
    expect(frame({ ...run, slots: slots(12) }, { columns: 80, lines: 2 }, plain)).toHaveLength(1);
  });

  it('leaves out the least important where it is narrow', () => {
    const [slot = '', line = ''] = frame({ ...run, slots: slots(1) }, { columns: 44, lines: 9 }, plain);
    expect(slot).toMatch(/shard 0 batch 2.*50\/200.*4\.3\/s/);
    expect(slot).not.toContain('AAPL');
    expect(line).toMatch(/240\/3,600.*6\.7 %.*10 failed/);
    expect(line).not.toContain('█');
  });

  it.each([
    ['planning', 0, /^planning {2}1m05s$/],
    ['stopping', 3600, /^stopping .*ETA/],
    ['merging', 3600, /^merging [^E]*$/],
    ['ended', 3600, /^ended [^E]*$/],
  ] as const)('says that the run is %s', (phase, total, line) => {
    expect(frame({ ...run, phase, total, failed: 0 }, { columns: 120, lines: 9 }, plain).at(-1)).toMatch(line);
  });

  it('shows failures as part of the bar, at least as one mark', () => {
    const one = frame({ ...run, done: 1800, failed: 1 }, { columns: 120, lines: 9 }, coloured).at(-1) ?? '';
    expect(one).toContain('\x1b[32m██████████████\x1b[39m\x1b[31m█\x1b[39m');
  });

  it('never is larger than its room, with and without colours, and looks the same with both', () => {
    const anySlot = fc.record({
      shard: fc.option(fc.nat(99_999)),
      stolen: fc.boolean(),
      done: fc.nat(10_000),
      total: fc.nat(10_000),
      rate: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
      rssBytes: fc.option(fc.nat()),
      lastKey: fc.option(fc.string({ unit: 'grapheme' })),
    });
    fc.assert(
      fc.property(
        fc.array(anySlot, { maxLength: 20 }),
        fc.integer({ min: 1, max: 150 }),
        fc.integer({ min: 1, max: 20 }),
        (views, columns, lines) => {
          const state = { ...run, slots: views.map((view, slot) => slotView(slot, view)) };
          const drawn = frame(state, { columns, lines }, plain);
          expect(drawn.length).toBeLessThanOrEqual(lines);
          for (const line of drawn) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
          expect(frame(state, { columns, lines }, coloured).map((line) => plainText(line).trimEnd())).toEqual(drawn);
        },
      ),
    );
  });
});
