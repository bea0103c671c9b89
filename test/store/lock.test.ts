import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { isOwned, readOwner, takeLock } from '../../src/store/lock.ts';
import { startTime } from '../../src/store/processes.ts';
import { newFolder } from './folder.ts';

const folder = newFolder();
const script = join(import.meta.dirname, 'lock-main.ts');

function newRun(): string {
  const run = folder.name();
  mkdirSync(run);
  return run;
}

/** Another process that takes the lock; settles with what it said. */
async function other(run: string): Promise<{ child: ChildProcess; line: string; next(): Promise<string> }> {
  const child = spawn(process.execPath, [script, run], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (!child.stdout) throw new Error('no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  return { child, line: await next(), next };
}

test('only one process has a run, and the other one is told who', async () => {
  const run = newRun();
  const { child, line, next } = await other(run);
  expect(line).toBe('taken');
  expect(readOwner(run)).toEqual({
    pid: child.pid,
    pidStart: startTime(child.pid ?? 0),
    since: expect.any(Number),
    socket: expect.any(String),
  });
  expect(isOwned(run)).toBe(true);
  const refusal = expect.objectContaining({
    name: 'UserError',
    message: expect.stringContaining(`process ${child.pid}`),
    hint: expect.stringContaining('status r'),
  });
  expect(() => takeLock(run, 'r')).toThrow(refusal);
  // Asking does not take it away.
  expect(readOwner(run)?.pid).toBe(child.pid);
  expect((await other(run)).line).toContain('is being worked on by process');
  child.stdin?.end();
  expect(await next()).toBe('released');
  takeLock(run, 'r').release();
  await once(child, 'exit');
});

test('a lock ends with its owner, however that ends', async () => {
  const run = newRun();
  for (let round = 0; round < 3; round++) {
    const { child, line } = await other(run);
    expect(line).toBe('taken');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isOwned(run)).toBe(false);
    takeLock(run, 'r').release();
  }
});

test('a process that has the run may not take it twice, and may again after its release', () => {
  const run = newRun();
  const lock = takeLock(run, 'r');
  expect(() => takeLock(run, 'r')).toThrow('is being worked on by');
  expect(isOwned(run)).toBe(true);
  lock.release();
  expect(isOwned(run)).toBe(false);
  expect(readOwner(run)).toBeUndefined();
  takeLock(run, 'r').release();
});

test('an owner is known by its start time too: another process with its PID is not it', () => {
  const run = newRun();
  takeLock(run, 'r').release();
  const owner = { pid: process.pid, pidStart: '1', since: 5 };
  writeFileSync(join(run, 'owner.json'), JSON.stringify(owner));
  expect(readOwner(run)).toEqual(owner);
  expect(isOwned(run)).toBe(false);
});

test.each(['', 'nonsense', 'null', '[]', '{"pid":"1"}'])('an owner file that says %j names nobody', (text) => {
  const run = newRun();
  writeFileSync(join(run, 'owner.json'), text);
  expect(readOwner(run)).toBeUndefined();
  expect(isOwned(run)).toBe(false);
});
