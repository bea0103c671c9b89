import type { CallReport } from '../core/call-stats.ts';
import { formatCount, formatDuration } from '../core/quantities.ts';
import { plural } from './numbers.ts';

/** What the calls of a run came to, as labelled lines; those without a label belong to the one before. */
export function callLines(calls: CallReport | null): { readonly label: string; readonly parts: readonly string[] }[] {
  if (calls === null) return [];
  const { hits, misses, joined, saved, ms, failed, retries, fallbacks, waitedMs, tokens, cost } = calls;
  const failures = Object.entries(failed)
    .toSorted(([, a], [, b]) => b - a)
    .map(([status, count]) => `${status} ${formatCount(count)} ×`);
  return [
    {
      label: 'Calls',
      parts: [
        `${formatCount(calls.calls)} sent`,
        ...(saved > 0 ? [`${formatCount(saved)} saved`] : []),
        ...(retries > 0 ? [plural(retries, 'retry', 'retries')] : []),
        ...(fallbacks > 0 ? [plural(fallbacks, 'fallback')] : []),
      ],
    },
    { label: '', parts: ms === null ? [] : [`${time(ms.mean)} each on average`, `p50 ${time(ms.p50)}`, `p95 ${time(ms.p95)}`] },
    { label: '', parts: failures.length > 0 ? [`failed with ${failures.join(', ')}`] : [] },
    { label: '', parts: waitedMs >= 1 ? [`waited ${formatDuration(waitedMs)} for permits, pauses and each other`] : [] },
    {
      label: '',
      parts: [...(tokens > 0 ? [`${formatCount(tokens)} tokens`] : []), ...(cost > 0 ? [`cost ${cost.toFixed(cost < 1 ? 4 : 2)}`] : [])],
    },
    {
      label: 'Cache',
      parts: hits + misses + joined > 0 ? [plural(hits, 'hit'), plural(misses, 'miss', 'misses'), `${formatCount(joined)} joined`] : [],
    },
  ].filter(({ parts }) => parts.length > 0);
}

/** A call may be quicker than a millisecond. */
const time = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)}ms` : formatDuration(ms));
