import { expect, test } from 'vitest';
import { Sweep } from '../../src/child/sweep.ts';
import type { AnyWorker } from '../../src/core/worker.ts';

type Options = ConstructorParameters<typeof Sweep>[0];

const entry = (combination: number): Parameters<Sweep['known']>[0] =>
  ({ index: combination, key: 'a', item: 'a', swept: { combination, position: 0, key: 'a' } }) as never;

function sweepOf(worker: AnyWorker): { readonly sweep: Sweep; readonly said: string[] } {
  const said: string[] = [];
  const log = (...values: readonly unknown[]): void => void said.push(values.map(String).join(' '));
  // Nothing else of it is looked at.
  const rest = { init: { params: {}, worker: 'w.mjs' }, shared: { log } } as unknown as Pick<Options, 'init' | 'shared'>;
  return { sweep: new Sweep({ worker, grid: [{ name: 'n', values: [1, 2, 3] }], encode: () => '', ...rest }), said };
}

test('setting up heeds its item, happens once even if it throws, and cleaning up reaches every combination', async () => {
  const calls: unknown[] = [];
  const { sweep, said } = sweepOf({
    params: { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } },
    setup({ params, signal }: { params: unknown; signal: AbortSignal }) {
      calls.push(params);
      const { n } = params as { n: number };
      if (n !== 2) return n;
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))));
    },
    process: () => undefined,
    teardown(state: unknown) {
      calls.push(`teardown ${String(state)}`);
      throw new Error(`cannot end ${String(state)}`);
    },
  } as AnyWorker);
  const item = new AbortController();
  expect(sweep.known(entry(0))).toBeUndefined();
  const both = [sweep.of(entry(0), () => item.signal), sweep.of(entry(0), () => item.signal)];
  expect((await Promise.all(both)).map(({ shared }) => shared.state)).toEqual([1, 1]);
  expect(sweep.known(entry(0))?.shared.state).toBe(1);
  const failing = expect(sweep.of(entry(1), () => item.signal)).rejects.toThrow('setup for n=2 failed: over');
  // The schema is asked first.
  await expect.poll(() => calls.length).toBe(2);
  item.abort();
  await failing;
  await expect(sweep.of(entry(1), () => item.signal)).rejects.toThrow('over');
  await sweep.of(entry(2), () => item.signal);
  expect(calls).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  await expect(sweep.teardown()).rejects.toThrow('cannot end 1');
  expect(calls.slice(3)).toEqual(['teardown 1', 'teardown 3']);
  expect(said.at(-1)).toBe('teardown for n=3 failed: Error: cannot end 3');
});
