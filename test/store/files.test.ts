import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderSyncer, publish, publishText, syncPath, writeAll } from '../../src/store/files.ts';
import { newFolder } from './folder.ts';

const folder = newFolder();
const script = join(import.meta.dirname, 'publish-main.ts');

function newPlace(): { file: string; names(): string[] } {
  const place = folder.name();
  mkdirSync(place);
  return { file: join(place, 'report.json'), names: () => readdirSync(place) };
}

describe('a file is there whole or not at all', () => {
  test('once it is published', async () => {
    const { file, names } = newPlace();
    await publishText(file, 'one ü\n');
    await publishText(file, 'two\n');
    expect(readFileSync(file, 'utf8')).toBe('two\n');
    expect(names()).toEqual(['report.json']);
  });

  test.each(['half', 'whole'])('with a SIGKILL while its temporary file is %s', async (when) => {
    const { file, names } = newPlace();
    const killed = (): string | null => spawnSync(process.execPath, [script, file, when]).signal;
    expect(killed()).toBe('SIGKILL');
    expect(existsSync(file)).toBe(false);
    await publishText(file, 'old');
    expect(killed()).toBe('SIGKILL');
    expect(readFileSync(file, 'utf8')).toBe('old');
    // What is left has a name that nobody reads, and does not stand in the way.
    // What is left has a name that nobody reads, and is overwritten.
    expect(names()).toHaveLength(2);
    await publishText(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(names()).toEqual(['report.json']);
  });

  test('when writing it fails: the old one stays, the temporary one goes, and the error is handed on', async () => {
    const { file, names } = newPlace();
    await publishText(file, 'old');
    const attempt = publish(file, (temporary) => {
      writeFileSync(temporary, 'ha');
      throw new Error('full');
    });
    await expect(attempt).rejects.toThrow('full');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(names()).toEqual(['report.json']);
  });

  test('whatever its writer gives back is handed on', async () => {
    const { file } = newPlace();
    expect(await publish(file, async (temporary) => (writeFileSync(temporary, 'x'), 42))).toBe(42);
  });
});

test('syncing what is not there is an error', () => {
  expect(() => syncPath(folder.name())).toThrow(/ENOENT/);
});

test('a folder is synced as often as asked, one at a time, also after it failed', async () => {
  const place = folder.name();
  const sync = folderSyncer(place);
  await expect(Promise.all([sync(), sync(), sync()])).rejects.toThrow(/ENOENT/);
  mkdirSync(place);
  await Promise.all([sync(), sync(), sync(), sync()]);
  await sync();
});

test('all bytes are written, or as many of them as asked', () => {
  const file = folder.name();
  const descriptor = openSync(file, 'w');
  const bytes = Buffer.alloc(3_000_000, 'abc');
  writeAll(descriptor, bytes);
  writeAll(descriptor, bytes, 4);
  closeSync(descriptor);
  expect(readFileSync(file).equals(Buffer.concat([bytes, Buffer.from('abca')]))).toBe(true);
});
