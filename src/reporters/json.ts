import type { Reporter } from '../core/handle.ts';
import type { Sink } from './sink.ts';

/** Writes every event as one line of JSON. */
export function jsonReporter(out: Sink): Reporter {
  return {
    onEvent: (event) => out(`${JSON.stringify(event)}\n`),
    onEnd: () => {},
  };
}
