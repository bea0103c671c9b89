import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** Whether there is one to start. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
if (!hasRedis) console.error('SKIPPED: what needs redis-server (Debian: apt-get install redis-server)');

/** Ends a Redis as `kill -9` does, and settles when it has. */
type End = () => Promise<void>;

/** A Redis of this test's own, on a port below those that the system gives to whoever asks for any, so that nobody takes it while it is down. */
export async function anyRedis(...more: readonly string[]): Promise<{ readonly port: number; readonly end: End }> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const end = await startRedis(port, ...more).catch(() => undefined);
    if (end) return { port, end };
  }
}

/** Starts an empty Redis on a port, with more arguments; settles when it takes connections. It is gone after the test. */
export async function startRedis(port: number, ...more: readonly string[]): Promise<End> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...more];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(end);
  let said = '';
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += String(text);
    if (!said.includes('Ready to accept connections')) continue;
    child.stdout.resume();
    return end;
  }
  throw new Error(`redis-server has ended: ${said}`);
}
