import { createInterface } from 'node:readline/promises';
import { UserError } from '../core/errors.ts';
import { EXIT } from '../core/exit-codes.ts';
import { suggest } from '../core/nearest.ts';
import { formatBytes, formatCount } from '../core/quantities.ts';
import { plural } from '../reporters/numbers.ts';
import { escapeText } from '../reporters/text.ts';
import { type CacheChoice, type CacheInfo, cacheInfo, clearCache, verifyCache } from '../run/cache-tools.ts';
import { note, print, printJson } from './terminal.ts';
import type { Input } from './verbs.ts';

const NOTHING = 'nothing is cached yet\n';

/** `shardyard cache stats|clear|verify` */
export async function cache({ positionals, settings }: Input): Promise<number> {
  const choice: CacheChoice = { ...settings.run, ...settings.place };
  const { json, yes } = settings.verb;
  switch (positionals['what']) {
    case 'stats': {
      const info = await cacheInfo(choice);
      await (json ? printJson(info ?? null) : print(formatInfo(info)));
      return EXIT.done;
    }
    case 'clear':
      return clear(choice, { isSure: yes === true, asJson: json === true });
    case 'verify':
      return verify(choice, json === true);
    default:
      throw new UserError(`cache cannot ${JSON.stringify(positionals['what'])}`, {
        hint: suggest(positionals['what'] ?? '', ['stats', 'clear', 'verify']) ?? 'write shardyard cache stats, clear or verify',
      });
  }
}

async function clear(choice: CacheChoice, { isSure, asJson }: { readonly isSure: boolean; readonly asJson: boolean }): Promise<number> {
  const info = await cacheInfo(choice);
  if (info && info.entries > 0 && !isSure && !(await confirm(info))) {
    note('nothing was deleted');
    return EXIT.done;
  }
  const entries = await clearCache(choice);
  await (asJson ? printJson({ entries }) : print(`removed ${plural(entries, 'entry', 'entries')}\n`));
  return EXIT.done;
}

async function verify(choice: CacheChoice, asJson: boolean): Promise<number> {
  const found = await verifyCache(choice);
  const { entries, damaged, fault, warnings } = found;
  if (asJson) await printJson(found);
  else {
    for (const warning of warnings) note(warning);
    if (fault !== null) note(`the cache is damaged (${fault}): the next run sets it aside, or clear it: shardyard cache clear`);
    await print(
      `${plural(entries, 'entry', 'entries')} checked, ${damaged === 0 ? 'all are whole' : `${formatCount(damaged)} were damaged and are taken out`}\n`,
    );
  }
  return damaged > 0 || fault !== null || warnings.length > 0 ? EXIT.failed : EXIT.done;
}

/** What a cache holds, for people. */
export function formatInfo(info: CacheInfo): string {
  if (!info) return NOTHING;
  const { where, entries, bytes, fileBytes, maxBytes, expired, oldestUse } = info;
  return [
    `${escapeText(where)}`,
    `${plural(entries, 'entry', 'entries')}, ${formatBytes(bytes)}${maxBytes === null ? '' : ` of at most ${formatBytes(maxBytes)}`}`,
    ...(expired > 0 ? [`${formatCount(expired)} of them expired`] : []),
    ...(fileBytes === null ? [] : [`${formatBytes(fileBytes)} on disk`]),
    ...(oldestUse === null ? [] : [`not used for longest: since ${new Date(oldestUse).toISOString().slice(0, 19).replace('T', ' ')} UTC`]),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

async function confirm({ where, entries }: NonNullable<CacheInfo>): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UserError('nobody can be asked, as stdin is no terminal', { hint: 'repeat the command with --yes' });
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(`Delete ${plural(entries, 'entry', 'entries')} from ${where}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    asking.close();
  }
}
