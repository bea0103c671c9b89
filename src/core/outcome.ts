/**
 * Why an attempt, a child or an item ended as it did.
 *
 * ok: all right. error: the item threw. exit: exit code other than 0. no-receipt: exit code 0 without a receipt. signal: killed from outside.
 * heap-limit: V8 ran out of heap. oom-killed: the kernel ran out of memory. item-timeout, batch-timeout: took longer than allowed.
 * stalled: no heartbeat. rss-limit: grew past `--max-rss`. orphaned: its parent died. stopped: we asked. setup-failed: `setup` or the
 * import of the worker threw.
 */
export type Cause =
  | 'ok'
  | 'error'
  | 'exit'
  | 'no-receipt'
  | 'signal'
  | 'heap-limit'
  | 'oom-killed'
  | 'item-timeout'
  | 'batch-timeout'
  | 'stalled'
  | 'rss-limit'
  | 'orphaned'
  | 'stopped'
  | 'setup-failed';
