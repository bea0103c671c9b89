import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanEnvironment, outerPath, root } from './environment.ts';

const bin = join(root, 'bin/shardyard.js');

/** A Node of this machine that is too old, if there is one. */
function findOldNode(): string | undefined {
  return outerPath
    .map((folder) => join(folder, 'node'))
    .filter((file) => existsSync(file) && !realpathSync(file).includes('node_modules'))
    .find((file) => Number(/^v(\d+)/.exec(execFileSync(file, ['--version'], { encoding: 'utf8' }))?.[1]) < 24);
}

/** Starts the command line by a Node that says it is another version. */
const startedBy = (version: string): ReturnType<typeof spawnSync> => {
  const pretend = `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"${version}"}})`;
  return spawnSync(process.execPath, ['--import', pretend, bin, '--version'], { encoding: 'utf8' });
};

describe('everything here runs on Node 24, whatever Node the machine has', () => {
  test('the tests', () => {
    expect(process.version).toMatch(/^v24\./);
  });

  test.each([
    ['npm exec', ['exec', '--', 'node', '--version']],
    ['an npm script', ['run', '--silent', 'shardyard', '--', '--version']],
  ])('%s', (_, command) => {
    const { status, stdout } = spawnSync('npm', command, { cwd: root, encoding: 'utf8', env: cleanEnvironment(outerPath) });
    expect(status).toBe(0);
    // The second one would print nothing but a refusal on an old Node.
    expect(stdout).toMatch(command[0] === 'exec' ? /^v24\./ : /^\d+\.\d+\.\d+/);
  });
});

describe('bin/shardyard.js on a Node that is too old says so in one line and exits with 2', () => {
  const old = findOldNode();
  if (old === undefined) console.warn('No Node older than 24 on this machine: the refusal is tested with a pretended one only.');

  test.skipIf(old === undefined)('a real one', () => {
    const { status, stdout, stderr } = spawnSync(old ?? '', [bin, 'run', 'worker.ts'], {
      encoding: 'utf8',
      env: cleanEnvironment(outerPath),
    });
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^shardyard needs Node 24\.12 or newer; this is Node \d+\.\d+\.\d+ \(.+\)\. Install .*\n$/);
  });

  test.each(['18.20.4', '22.30.0', '24.0.0', '24.11.1'])('%s', (version) => {
    const { status, stdout, stderr } = startedBy(version);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(String(stderr).trimEnd().split('\n')).toEqual([expect.stringContaining(`this is Node ${version}`)]);
  });

  test.each(['24.12.0', '24.21.0', '26.0.0'])('and not on %s', (version) => {
    expect(startedBy(version)).toMatchObject({ status: 0, stderr: '' });
  });
});
