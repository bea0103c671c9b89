import { brief } from './brief.ts';
import type { ItemFailure } from './events.ts';
import { MOST_LISTED } from './report.ts';

/** So many characters of a failed item's message are kept: there may be as many failures as items. */
const LONGEST_MESSAGE = 200;

/** What is kept in memory of a failed item when there are `others` already; the journal and the shard's log have all of it. */
export function kept({ index, key, cause, message, tries, evidence }: ItemFailure, others: number): ItemFailure {
  const failure = { index, key, cause, message: brief(message, LONGEST_MESSAGE), tries };
  return evidence === undefined || others >= MOST_LISTED ? failure : { ...failure, evidence };
}
