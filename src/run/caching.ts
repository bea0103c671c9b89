import { accessSync, constants, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DEFAULT_BUDGET } from '../core/budget-spec.ts';
import type { CacheSpec } from '../core/cache-spec.ts';
import { UserError } from '../core/errors.ts';
import type { CallSettings } from '../ipc/call-messages.ts';
import { openCache } from '../store/cache.ts';
import type { RunSettings } from '../store/manifest.ts';
import { limitsOf } from './call-limits.ts';

/** The most that a cache keeps where nobody says, in bytes. */
export const CACHE_SIZE = 2e9;
const REDIS = /^rediss?:\/\//i;

/** A cache as it is recorded: `off`, an absolute folder, or a URL. */
export function cacheName(given: string | undefined, dataDir: string): string {
  if (given === undefined) return join(resolve(dataDir), 'cache');
  if (given === 'off') return given;
  const scheme = /^[a-z][\w+.-]*:\/\//i.exec(given)?.[0];
  if (scheme === undefined) return resolve(given);
  if (REDIS.test(given) && URL.canParse(given)) return given;
  throw new UserError(`${JSON.stringify(given)} is no place for a cache`, { hint: 'give a folder, redis://host:port, or off' });
}

/** Where a recorded cache is. */
export function cacheSpec(name: string | undefined, maxBytes = CACHE_SIZE): CacheSpec {
  if (name === undefined || name === 'off') return { kind: 'off' };
  return REDIS.test(name) ? { kind: 'redis', url: name } : { kind: 'sqlite', folder: name, maxBytes };
}

/** What the children of a run are told about calls. */
export function callSettings(settings: RunSettings): CallSettings {
  return {
    cache: cacheSpec(settings.cache, settings.cacheSize),
    ...(settings.cacheTtl === undefined ? {} : { ttl: settings.cacheTtl }),
    isLimited: Object.keys(limitsOf(settings)).length > 0,
    ...(settings.budgets?.redis !== undefined || settings.budgets?.named[DEFAULT_BUDGET] ? { isGoverned: true } : {}),
  };
}

/**
 * Opens and closes a cache, so that what is wrong with it shows before anything is started. One that is not there yet is not made: most
 * runs never need it.
 *
 * @returns what to warn of: one that was damaged was set aside.
 * @throws UserError
 */
export async function checkCache(spec: CacheSpec): Promise<readonly string[]> {
  const warnings: string[] = [];
  if (spec.kind === 'sqlite' && !statSync(join(spec.folder, 'calls'), { throwIfNoEntry: false })) checkWritable(spec.folder);
  else await (await openCache(spec, (message) => warnings.push(message)))?.close();
  return warnings;
}

function checkWritable(folder: string): void {
  for (let at = folder; ; at = dirname(at)) {
    const found = statSync(at, { throwIfNoEntry: false });
    if (!found && at !== dirname(at)) continue;
    try {
      if (found && !found.isDirectory()) throw new Error(`${at} is not a folder`);
      return accessSync(at, constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new UserError(`the cache cannot be made: ${error instanceof Error ? error.message : String(error)}`, {
        place: { file: folder },
        hint: 'mend its permissions, choose another folder with --cache, or do without: --cache off',
      });
    }
  }
}
