/** What it means when a model does not answer. */
import { BadAnswerError, UnrecoverableError } from 'shardyard';
import type { Model } from './models.ts';

/** Whether a server has answered, or was too slow. */
export function isAnswer(error: Error): boolean {
  if (error instanceof BadAnswerError || error instanceof SyntaxError) return true;
  return typeof Reflect.get(error, 'status') === 'number' || /timeout/i.test(error.name) || error.message.startsWith('no answer within');
}

/** The error to fail an item with, where it says so. A key, an account, a model or an address that is wrong is wrong for every item. */
export function refused(error: unknown, model: Pick<Model, 'about' | 'keyName'>): Error | undefined {
  const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined;
  const message = error instanceof Error ? `${error.message} ${String(Reflect.get(error, 'code') ?? '')}` : '';
  // Gemini says 400 of a key that is none; both say 429 of an account without credit.
  const isKey = status === 401 || status === 402 || status === 403 || /API_KEY_INVALID|API key not valid/i.test(message);
  const isSpent = status === 429 && /insufficient_quota|PerDay/.test(message);
  if (!isKey && !isSpent && status !== 404) return undefined;
  const hint = isSpent
    ? 'its quota is used up: wait for the next day, or pay for more'
    : isKey
      ? `set ${model.keyName} to a key that may use it`
      : 'mend the address or --param model=…';
  return new UnrecoverableError(`${model.about} answered ${String(status)} (${message.trim().slice(0, 200)}): ${hint}`, { cause: error });
}
