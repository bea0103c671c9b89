import type { Converter, Sink } from './sink.ts';

/** A sink that converts what it is given on the way to another one. */
export function converting(target: Sink, converter: Converter): Sink {
  let started = false;

  /** Only what comes first may have to wait twice: everything else passes through without a promise of ours. */
  async function start(): Promise<void> {
    started = true;
    await target.write(converter.start());
  }

  async function startWith(chunk: Uint8Array): Promise<void> {
    await start();
    await target.write(converter.convert(chunk));
  }

  return {
    write: (chunk) => (started ? target.write(converter.convert(chunk)) : startWith(chunk)),
    async finish() {
      if (!started) await start();
      await target.write(converter.end());
      return target.finish();
    },
    abort: () => target.abort(),
  };
}
