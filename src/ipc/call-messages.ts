import type { CacheSpec } from '../core/cache-spec.ts';
import type { Amounts } from '../core/spending.ts';

/** An answer of an API as it goes over the channel: JSON as text, bytes as base64. */
export interface SentEntry {
  readonly kind: 'json' | 'bytes';
  readonly text: string;
}

/** What became of a call. `stored`: the answer is in the cache; `sent`: there is no cache that has it. */
export type Landing =
  | { readonly how: 'stored' }
  | { readonly how: 'sent'; readonly entry: SentEntry }
  | { readonly how: 'failed'; readonly message: string; readonly status?: number; readonly code?: string }
  /** Too large to be sent about: whoever waited asks again. */
  | { readonly how: 'gone' };

/** What a child asks or tells about calls. An `id` is answered. */
export type CallAsk =
  /** `stored`: calls of this child whose answers are in the cache since it last wrote. */
  | { readonly what: 'join'; readonly id: number; readonly hash: string; readonly stored?: readonly string[] }
  | { readonly what: 'landed'; readonly hash: string; readonly landing: Landing }
  | { readonly what: 'released'; readonly hash: string }
  /** Leave to make a call as far as `--max-…` is concerned. */
  | { readonly what: 'reserve'; readonly id: number; readonly tokens?: number; readonly cost?: number }
  | { readonly what: 'settle'; readonly reserved: Amounts; readonly tokens?: number; readonly cost?: number; readonly unused?: true }
  | { readonly what: 'spend'; readonly tokens?: number; readonly cost?: number }
  | { readonly what: 'warn'; readonly message: string };

/** The parent's answer. */
export type CallAnswer =
  | { readonly what: 'own' }
  | { readonly what: 'landed'; readonly landing: Landing }
  | { readonly what: 'granted'; readonly amounts: Amounts }
  | { readonly what: 'refused'; readonly why: string };

/** What a child needs to know to make calls; `cache`: none, a folder on this machine, or the URL of a Redis. */
export interface CallSettings {
  readonly cache: CacheSpec;
  /** Milliseconds that an entry lives where the worker says nothing; absent: for ever. */
  readonly ttl?: number;
  /** Whether calls have to be reserved. */
  readonly isLimited: boolean;
  /** The default budget has limits, so that leave is asked for. Absent: calls leave at once, until the API wants a pause. */
  readonly isGoverned?: true;
}

const WHATS: readonly string[] = ['join', 'landed', 'released', 'reserve', 'settle', 'spend', 'warn'] satisfies CallAsk['what'][];

/** Whether a value from a channel is a question or news about calls. */
export function isCallAsk(value: unknown): value is CallAsk {
  return typeof value === 'object' && value !== null && 'what' in value && typeof value.what === 'string' && WHATS.includes(value.what);
}
