import type { CallAnswer, CallAsk } from '../ipc/call-messages.ts';

/** A question without its number. */
export type Question = Extract<CallAsk, { id: number }> extends infer Ask ? (Ask extends CallAsk ? Omit<Ask, 'id'> : never) : never;
/** What is told and not answered. */
export type News = Exclude<CallAsk, { id: number }>;

/** Who knows what happens elsewhere in the run: the parent, or in a unit test this process itself. */
export interface Port {
  /** Settles with the answer; never, once the parent is gone. */
  ask(question: Question): Promise<CallAnswer>;
  tell(news: News): void;
}

/** Asks the parent; answers are matched by their numbers. */
export class ParentPort implements Port {
  readonly #send: (ask: CallAsk) => void;
  readonly #open = new Map<number, (answer: CallAnswer) => void>();
  /** Not told yet: mostly the next question comes at once, and one message costs less than two. */
  #stored: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #last = 0;

  constructor(send: (ask: CallAsk) => void) {
    this.#send = send;
  }

  ask(question: Question): Promise<CallAnswer> {
    const id = ++this.#last;
    return new Promise((resolve) => {
      this.#open.set(id, resolve);
      if (question.what === 'join' && this.#stored.length > 0) this.#send({ ...question, id, stored: this.#take() });
      else this.#send({ ...question, id });
    });
  }

  tell(news: News): void {
    if (news.what !== 'landed' || news.landing.how !== 'stored') return this.#send(news);
    this.#stored.push(news.hash);
    this.#timer ??= setTimeout(() => this.#flush(), 1);
  }

  answered(id: number, answer: CallAnswer): void {
    this.#open.get(id)?.(answer);
    this.#open.delete(id);
  }

  #flush(): void {
    for (const hash of this.#take()) this.#send({ what: 'landed', hash, landing: { how: 'stored' } });
  }

  #take(): readonly string[] {
    const stored = this.#stored;
    this.#stored = [];
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return stored;
  }
}
