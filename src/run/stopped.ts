import { join } from 'node:path';
import { unreachable } from '../core/errors.ts';
import type { Halt } from '../core/options.ts';
import { formatCount } from '../core/quantities.ts';
import type { Stopped } from '../core/report.ts';
import type { RunState } from '../core/state.ts';
import { shown } from '../store/paths.ts';

/** Why a session was stopped early, if it was. `halt`: the rule that held in this session, where it is known. */
export function stoppedBy(state: RunState, logs: string, halt?: Halt): Stopped | null {
  if (!state.stopping) return null;
  const { why } = state.stopping;
  const { lastDeath } = state.totals;
  const said = lastDeath?.message ?? null;
  switch (why) {
    case 'setup':
      if (lastDeath?.cause === 'setup-failed') return { why, message: said, log: shown(join(logs, 'setup.log')) };
      return { why, message: `no child gets anything done; the last one: ${said ?? lastDeath?.cause ?? 'unknown'}`, log: null };
    case 'disk':
      // The child that broke off said what the disk had told it.
      return { why, message: said ?? state.warnings.at(-1) ?? null, log: null };
    case 'halt': {
      const counts = `${formatCount(state.failures.size)} of ${formatCount(state.plan?.count ?? 0)} items`;
      return { why, message: halt ? `${counts}, --halt ${formatHalt(halt)}` : counts, log: null };
    }
    case 'merge':
      return { why, message: state.stopping.message ?? null, log: null };
    case 'budget':
      return { why, message: state.warnings.findLast((warning) => warning.includes('--max-')) ?? null, log: null };
    case 'deadline':
    case 'ctl':
    case 'SIGINT':
    case 'SIGTERM':
    case 'SIGHUP':
    case 'abort':
      return { why, message: null, log: null };
    default:
      return unreachable(why);
  }
}

function formatHalt({ when, fail }: Halt): string {
  return `${when},fail=${'count' in fail ? fail.count : `${fail.percent}%`}`;
}
