import { describeEvidence, type Evidence } from '../core/evidence.ts';
import { shown } from './text.ts';

/** What was seen of a child that died, as lines of a label and a text that is safe to print; none where the item threw. */
export function evidenceLines(evidence: Evidence | null, width: number): { readonly label: 'seen' | 'said'; readonly text: string }[] {
  if (evidence === null) return [];
  return [
    { label: 'seen', text: describeEvidence(evidence) },
    ...evidence.said.map((line) => ({ label: 'said' as const, text: shown(line, width) })),
  ];
}
