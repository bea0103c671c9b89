import { existsSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from '../index.ts';
import { UserError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { drive } from './drive.ts';
import type { Input } from './verbs.ts';

const INPUTS = ['.xlsx', '.parquet', '.csv', '.json', '.jsonl', '.ndjson'];
const FORMATS = ['parquet', 'csv', 'ndjson'] as const;

/** `shardyard convert <file>`: a run of the built-in worker, with one item a sheet. */
export async function convert({ positionals, settings: { run, verb, place, show } }: Input): Promise<number> {
  const file = positionals['file'] ?? '';
  const input = resolve(file);
  const extension = extname(file).toLowerCase();
  if (!INPUTS.includes(extension)) {
    throw new UserError(`cannot be converted: ${extension || 'no ending'} is not known`, {
      place: { file },
      hint: `use one of ${INPUTS.join(' ')}`,
    });
  }
  if (!existsSync(input)) throw new UserError('there is no such file', { place: { file }, hint: 'mend the path' });
  if (verb.headerRow !== undefined && extension !== '.xlsx') {
    throw new UserError('--header-row is for .xlsx', { hint: 'leave it out: the first line of a CSV names the columns' });
  }
  const to = formatOf(verb.to);
  const outDir = resolve(verb.outDir ?? '.');
  if (join(outDir, `${basename(input, extname(input))}.${to}`) === input) {
    throw new UserError('would become itself', { place: { file }, hint: 'choose another --to or --out-dir' });
  }
  const worker = fileURLToPath(new URL(`../convert/convert${extname(import.meta.filename)}`, import.meta.url));
  const { processes, name } = run;
  const params = { input, to, outDir, headerRow: verb.headerRow ?? 1 };
  const given = { ...(processes === undefined ? {} : { processes }), ...(name === undefined ? {} : { name }) };
  return drive(launch({ worker, params, batchSize: 1, ...given, ...place }), show.progress);
}

function formatOf(to: string | undefined): (typeof FORMATS)[number] {
  if (to === undefined) throw new UserError('convert needs --to', { hint: `write --to ${FORMATS.join(', --to ')}` });
  const format = FORMATS.find((one) => one === to.toLowerCase());
  if (format) return format;
  throw new UserError(`--to: ${JSON.stringify(to)} is not a format`, {
    hint: `did you mean ${nearest(to, [...FORMATS]) ?? FORMATS.join(', ')}?`,
  });
}
