import type { RunEvent } from './events.ts';
import { attemptName } from './names.ts';

/**
 * A child's life:
 *
 *   starting ──ready──▶ ready ──dispatched──▶ busy ──committed──▶ leaving ──▶ (gone)
 *       │                 │                     │                    ▲
 *       └── dies: setup-failed                  └── dies: its cause  │
 *                         └───────────── told to go ─────────────────┘
 */
export type ChildState =
  | { readonly phase: 'starting'; readonly pid: number; readonly pidStart: string; readonly since: number }
  | { readonly phase: 'ready'; readonly pid: number; readonly pidStart: string }
  | { readonly phase: 'busy'; readonly pid: number; readonly pidStart: string; readonly attempt: string }
  | { readonly phase: 'leaving'; readonly pid: number; readonly pidStart: string };

/** Takes the children of a session to where an event leaves them. */
export function follow(children: Map<number, ChildState>, event: RunEvent): void {
  switch (event.type) {
    case 'opened':
      children.clear();
      return;
    case 'child-started':
      children.set(event.child, { phase: 'starting', pid: event.pid, pidStart: event.pidStart, since: event.at });
      return;
    case 'child-ready':
      // It may have said so just before it heard that it is to go.
      return change(children, event.child, (child) => (child.phase === 'starting' ? { phase: 'ready', ...identity(child) } : child));
    case 'dispatched':
      return change(children, event.child, (child) => ({ phase: 'busy', ...identity(child), attempt: attemptName(event) }));
    case 'child-told':
      return change(children, event.child, (child) => (child.phase === 'busy' ? child : { phase: 'leaving', ...identity(child) }));
    case 'attempt-ended':
      for (const [id, child] of children) {
        if (child.phase === 'busy' && child.attempt === attemptName(event)) children.set(id, { phase: 'leaving', ...identity(child) });
      }
      return;
    case 'child-ended':
      children.delete(event.child);
      return;
    default:
      return;
  }
}

const identity = ({ pid, pidStart }: ChildState): Pick<ChildState, 'pid' | 'pidStart'> => ({ pid, pidStart });

function change(children: Map<number, ChildState>, id: number, to: (child: ChildState) => ChildState): void {
  const child = children.get(id);
  if (child) children.set(id, to(child));
}

/** How long a child has taken to be set up (ms): what it says, without the time in which it stood still. */
export function setupTime(child: ChildState | undefined, said: number, now: number): number {
  return child?.phase === 'starting' ? Math.min(said, Math.max(0, now - child.since)) : said;
}
