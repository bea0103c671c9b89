import type { RunEvent } from '../core/events.ts';
import type { RunState } from '../core/state.ts';
import type { CallMessage, ToChild, ToParent } from '../ipc/messages.ts';
import { CallDesk } from '../services/call-desk.ts';
import type { RunSettings } from '../store/manifest.ts';
import { limitsOf } from './call-limits.ts';
import type { Fact } from './settle.ts';

export interface CallPostOptions {
  readonly state: RunState;
  readonly settings: RunSettings;
  readonly emit: (fact: Fact) => void;
  readonly send: (child: number, message: ToChild) => void;
  /** The run may spend no more. */
  readonly onSpent: () => void;
}

/** Brings what children say about calls to the desk, and its answers back. */
export class CallPost {
  readonly #desk: CallDesk;

  constructor({ state, settings, emit, send, onSpent }: CallPostOptions) {
    this.#desk = new CallDesk({
      limits: limitsOf(settings),
      spent: state.totals.calls.spent,
      answer: (child, id, answer) => send(child, { type: 'answer', id, answer }),
      record: emit,
      warn: (message) => emit({ type: 'warned', message }),
      onSpent,
    });
  }

  /** Whether a message is about calls and nothing else; then it is seen to. */
  take(child: number, message: ToParent): message is CallMessage {
    if ((message.type === 'progress' || message.type === 'receipt') && message.calls) this.#desk.count(message.calls);
    if (message.type !== 'call') return false;
    this.#desk.take(child, message.ask);
    return true;
  }

  see(event: RunEvent): void {
    if (event.type === 'child-ended') this.#desk.leave(event.child);
  }

  sample(): void {
    this.#desk.sample(Date.now());
  }

  end(): void {
    this.#desk.end();
  }
}
