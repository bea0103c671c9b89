import type { Row } from './benchmark.ts';

/** Rows as a Markdown table. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ what, against, ours, theirs, figure, target }) => [
    what,
    against,
    ours,
    theirs,
    figure,
    target ? `${target.text} ${target.met ? '✓' : '✗'}` : '',
  ]);
  const lines = [['what', 'against', 'it', 'the other', 'figure', 'target'], ['---', '---', '--:', '--:', '--:', '---'], ...cells];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}
