import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { ChildProcess } from 'node:child_process';

const FIXTURE = fileURLToPath(new URL('fixtures/signalled.ts', import.meta.url));

/** The next thing that the fixture tells. */
async function told(child: ChildProcess): Promise<unknown> {
  return (await once(child, 'message'))[0];
}

async function started(): Promise<ChildProcess> {
  const child = fork(FIXTURE, { execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  expect(await told(child)).toBe('ready');
  return child;
}

async function at(child: ChildProcess, now: number): Promise<void> {
  child.send(now);
  expect(await told(child)).toBe('ready');
}

test('signals stop the run, by name, and again', async () => {
  const child = await started();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    child.kill(signal);
    expect(await told(child)).toBe(`stop ${signal}`);
  }
  await at(child, 150);
  // The third that asks for an end: a closed terminal asks for none.
  child.kill('SIGINT');
  expect(await told(child)).toBe('leave SIGINT');
});

test('Ctrl-Z suspends the run before the process stops, and fg wakes it', async () => {
  const child = await started();
  const heard: unknown[] = [];
  child.on('message', (message) => heard.push(message));
  child.kill('SIGTSTP');
  while (heard.length < 3) await once(child, 'message');
  expect(heard).toEqual(['suspend', 'halt', 'wake']);
});

test('the echo of a signal, as npm makes it, does not count', async () => {
  const child = await started();
  child.kill('SIGINT');
  expect(await told(child)).toBe('stop SIGINT');
  await at(child, 50);
  child.kill('SIGINT');
  // Told in the order of arrival: had the second SIGINT counted, it would come first.
  child.kill('SIGUSR1');
  expect(await told(child)).toBe('status');
});

test('afterwards a signal ends the process again', async () => {
  const child = await started();
  child.send('unwire');
  expect(await told(child)).toBe('ready');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
});
