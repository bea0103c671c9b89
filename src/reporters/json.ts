import type { Reporter } from '../core/handle.ts';
import type { Snapshot } from '../core/report.ts';
import type { Clock } from './clock.ts';
import type { Sink } from './sink.ts';

const BUDGETS_MS = 5000;

/** Writes every event as one line of JSON, and every 5 seconds how the budgets stand: `{"at":…,"type":"budgets","budgets":[…]}`. */
export function jsonReporter(out: Sink, source: { snapshot(): Snapshot }, clock: Clock): Reporter {
  const stop = clock.every(BUDGETS_MS, () => {
    const { budgets } = source.snapshot();
    if (budgets) out(`${JSON.stringify({ at: Date.now(), type: 'budgets', budgets })}\n`);
  });
  return {
    onEvent: (event) => out(`${JSON.stringify(event)}\n`),
    onEnd: stop,
  };
}
