/** Where answers are kept: nowhere, in a folder on this machine, or in a Redis by its URL. */
export type CacheSpec =
  | { readonly kind: 'off' }
  /** In this process, for unit tests of workers. */
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly folder: string; readonly maxBytes: number }
  | { readonly kind: 'redis'; readonly url: string };
