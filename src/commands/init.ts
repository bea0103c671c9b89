import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { UserError } from '../core/errors.ts';
import { EXIT } from '../core/exit-codes.ts';
import { WORKER, configText, testText } from './init-templates.ts';
import { note, print } from './terminal.ts';
import type { Input } from './verbs.ts';

/** `shardyard init [name]`: writes the files into the current folder, all or none. */
export async function init({ positionals }: Input): Promise<number> {
  const name = checkName((positionals['name'] ?? 'worker').replace(/\.ts$/, ''));
  const files = new Map([
    [`${name}.ts`, WORKER],
    [`${name}.test.ts`, testText(name)],
    ['shardyard.yaml', configText(name)],
  ]);
  const there = [...files.keys()].filter((file) => existsSync(file));
  if (there.length > 0)
    throw new UserError(`${there.join(', ')} exists already`, { hint: 'nothing was written; choose another name or another folder' });
  for (const [file, text] of files) {
    writeNew(file, text);
    await print(`wrote ${file}\n`);
  }
  note(`\nTry it:    shardyard run\nTest it:   node --test ${name}.test.ts`);
  if (!canImportShardyard()) note('First:     npm install shardyard   (the worker imports it, and this folder does not have it)');
  return EXIT.done;
}

function checkName(name: string): string {
  if (/^[A-Za-z0-9_][\w.-]*$/.test(name)) return name;
  throw new UserError(`${JSON.stringify(name)} cannot be the name of a worker`, {
    hint: 'use letters, digits, ".", "_" and "-"; the files are written into the current folder',
  });
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new UserError(`cannot write ${file} (${String(error.code)})`, { hint: 'choose a folder that you may write to' });
  }
}

function canImportShardyard(): boolean {
  try {
    createRequire(resolve('worker.ts')).resolve('shardyard/package.json');
    return true;
  } catch {
    return false;
  }
}
