import type { Place } from '../core/errors.ts';

/** An item as it comes from its source; `place`: where it stands in the user's file. */
export interface SourceItem {
  readonly item: unknown;
  readonly place?: Place | undefined;
}
