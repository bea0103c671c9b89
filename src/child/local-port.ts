import { Flights } from '../core/flights.ts';
import type { CallAnswer } from '../ipc/call-messages.ts';
import type { News, Port, Question } from './port.ts';

const SELF = 0;

/** Answers a process that is a whole run by itself: joins its own calls, and refuses nothing. */
export class LocalPort implements Port {
  readonly #flights = new Flights();
  readonly #open = new Map<number, (answer: CallAnswer) => void>();
  #last = 0;

  ask(question: Question): Promise<CallAnswer> {
    if (question.what === 'reserve') return Promise.resolve({ what: 'granted', amounts: { calls: 1, tokens: 0, cost: 0 } });
    const id = ++this.#last;
    if (this.#flights.join(question.hash, { child: SELF, id })) return Promise.resolve({ what: 'own' });
    return new Promise((resolve) => this.#open.set(id, resolve));
  }

  tell(news: News): void {
    if (news.what === 'released') {
      const heir = this.#flights.released(news.hash, SELF);
      if (heir) this.#answer(heir.id, { what: 'own' });
    } else if (news.what === 'landed') {
      for (const { id } of this.#flights.landed(news.hash, SELF)) this.#answer(id, { what: 'landed', landing: news.landing });
    }
  }

  #answer(id: number, answer: CallAnswer): void {
    this.#open.get(id)?.(answer);
    this.#open.delete(id);
  }
}
