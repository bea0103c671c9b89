import { Chalk } from 'chalk';
import { unreachable } from '../core/errors.ts';
import type { Reporter } from '../core/handle.ts';
import type { Progress } from '../core/options.ts';
import type { Snapshot } from '../core/report.ts';
import { barReporter } from './bar.ts';
import { clock as realClock, type Clock } from './clock.ts';
import { jsonReporter } from './json.ts';
import { plainReporter } from './plain.ts';
import { createSink, type Output } from './sink.ts';

export { formatSummary } from './summary.ts';

/** What only tests and embedders set. `totalMemory` in bytes: of what the plain reporter gives the share. */
export interface ReporterOptions {
  readonly clock?: Clock;
  readonly totalMemory?: number;
}

/**
 * The reporter that `--progress` names. None of them prints the summary: whoever has the report prints `formatSummary`,
 * after `onEnd`. Bars need a terminal on stderr; without one `bar` and `auto` are `plain`.
 */
export function createReporter(
  kind: Progress,
  io: { stdout: Output; stderr: Output },
  source: { snapshot(): Snapshot },
  { clock = realClock, totalMemory }: ReporterOptions = {},
): Reporter {
  switch (kind) {
    case 'none':
      return { onEvent: () => {}, onEnd: () => {} };
    case 'json':
      return jsonReporter(createSink(io.stdout), source, clock);
    case 'auto':
    case 'bar':
      if (canDraw(io.stderr)) return barReporter(io.stderr, source, new Chalk({ level: wantsColour(io.stderr) ? 1 : 0 }), clock);
      return plainReporter(createSink(io.stderr), source, clock, totalMemory);
    case 'plain':
      return plainReporter(createSink(io.stderr), source, clock, totalMemory);
    default:
      return unreachable(kind);
  }
}

/** Whether a stream is a terminal that shows colours; heeds NO_COLOR, FORCE_COLOR and TERM. */
function wantsColour(stream: Output): boolean {
  return stream.isTTY === true && stream.hasColors?.() === true;
}

/** A terminal without a size (0 × 0, as some CI systems have it) cannot be drawn on, nor can a dumb one. */
function canDraw({ isTTY, columns = 0, rows = 0 }: Output): boolean {
  return isTTY === true && columns > 0 && rows > 0 && process.env['TERM'] !== 'dumb';
}
