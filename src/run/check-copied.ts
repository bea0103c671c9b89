import type { Arrangement } from '../core/arrangement.ts';
import { UserError } from '../core/errors.ts';
import type { PartFormat } from '../core/part-format.ts';
import { parseOutput } from '../formats/output.ts';

/** Refuses what cannot be made of parts that are Parquet. */
export function checkCopied(partFormat: PartFormat, output: string, arrangement: Arrangement): void {
  if (partFormat !== 'parquet') return;
  if (parseOutput(output).format !== 'parquet') {
    throw new UserError('the command writes Parquet, which is merged into Parquet only', {
      place: { file: output },
      hint: 'merge into .parquet, and make other formats of that with `shardyard convert`',
    });
  }
  const [stray] = Object.keys(arrangement);
  if (stray === undefined) return;
  throw new UserError(`--${stray} looks at rows, and the row groups of Parquet are copied unseen`, { hint: 'leave it out' });
}
