import { readFileSync } from 'node:fs';

/** Shardyard's version, as in its package.json. */
export const VERSION: string = versionIn(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));

function versionIn(manifest: unknown): string {
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '0.0.0';
}
