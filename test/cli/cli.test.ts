import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN, folder, shardyard, start } from './support.ts';

/** One line on stderr, nothing on stdout, exit code 2. */
const refused = (message: string): object => ({ code: 2, stdout: '', stderr: `shardyard: ${message}\n` });

describe('mistakes are told in one line', () => {
  test('an unknown command, flag or value', async () => {
    expect(await shardyard(['rnu'])).toEqual(refused('there is no command "rnu": did you mean "run"?'));
    expect(await shardyard(['run', '--shrads', '3'])).toEqual(refused('run: there is no option --shrads: did you mean --shards?'));
    expect(await shardyard(['run', '--progress', 'br'])).toEqual(
      refused('--progress: "br" is not a kind of progress: did you mean "bar"? choose from auto, bar, plain, json, none'),
    );
    expect(await shardyard(['run', '--item-timeout', '5'])).toEqual(
      refused('--item-timeout: "5" has no unit: write a number with a unit, such as 500ms, 2s, 10m, 1h or 1h30m: 5s or 5ms; or off'),
    );
    expect(await shardyard(['run', '-p', '2', '-p', '4'])).toEqual(refused('--processes: is given 2 times: give it once'));
    expect(await shardyard(['resume', '--keep', '--fresh'])).toEqual(refused('--keep and --fresh contradict each other: give one of them'));
    expect(await shardyard(['rerun', '--shards', '3-1'])).toEqual(refused('--shards: "3-1" runs backwards: write 1-3'));
  });

  test('a variable of the environment', async () => {
    expect(await shardyard(['run'], { env: { SHARDYARD_SHARDS: 'many' } })).toEqual(
      refused('SHARDYARD_SHARDS: "many" is not a whole number: write a whole number, 1 or more'),
    );
    expect(await shardyard(['runs'], { env: { SHARDYARD_SHRADS: '1' } })).toEqual(
      refused('SHARDYARD_SHRADS: no such option: did you mean SHARDYARD_SHARDS?'),
    );
  });

  test('a line of .env, which other programs share', async () => {
    const cwd = folder({ '.env': 'API_KEY=x\nSHARDYARD_LIMIT=none\n' });
    expect(await shardyard(['run'], { cwd })).toEqual(
      refused('.env:2: SHARDYARD_LIMIT: "none" is not a whole number: write a whole number, 1 or more; or all'),
    );
  });

  test('a line of shardyard.yaml, or of the file that --config names', async () => {
    const cwd = folder({ 'shardyard.yaml': '# mine\nshards: 4\nretries: -1\n', 'other.yaml': 'shards: 4\n\nprocesess: 2\n' });
    expect(await shardyard(['run'], { cwd })).toEqual(
      refused('shardyard.yaml:3:10: retries: "-1" is too small: write a whole number, 0 or more'),
    );
    for (const surroundings of [{ cwd }, { cwd, env: { SHARDYARD_CONFIG: 'other.yaml' } }]) {
      const args = 'env' in surroundings ? ['run'] : ['run', '--config', 'other.yaml'];
      expect(await shardyard(args, surroundings)).toEqual(refused('other.yaml:3:1: procesess: no such option: did you mean "processes"?'));
    }
  });

  test('a file that is not there', async () => {
    expect(await shardyard(['run', '--config', 'gone.yaml'])).toEqual(
      refused('--config: cannot read gone.yaml (ENOENT): name a YAML file'),
    );
    expect(await shardyard(['run'], { env: { SHARDYARD_CONFIG: 'gone.yaml' } })).toEqual(
      refused('SHARDYARD_CONFIG: cannot read gone.yaml (ENOENT): name a YAML file'),
    );
  });

  test('a Node that is too old', () => {
    const older = 'data:text/javascript,Object.defineProperty(process.versions, "node", { value: "20.1.0" })';
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', older, BIN, 'run'], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^shardyard needs Node 24\.12 or newer; this is Node 20\.1\.0 \(.*\)\..*\n$/);
  });
});

describe('help', () => {
  test('goes to stdout when wanted, else to stderr with exit code 2', async () => {
    const wanted = await shardyard(['--help']);
    expect(wanted).toMatchObject({ code: 0, stderr: '' });
    expect(await shardyard([])).toEqual({ code: 2, stdout: '', stderr: wanted.stdout });
  });

  test('shows the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(await shardyard(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('is whole, however slow the reader', async () => {
    const child = start(['run', '--help']);
    await once(child, 'spawn');
    let text = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) text += String(chunk);
    expect(text.trimEnd().split('\n').at(-1)).toBe('Durations: 500ms 2s 10m 1h. Sizes: 512MB 2GiB.');
  });

  test('that nobody reads ends quietly', async () => {
    const child = start(['run', '--help']);
    child.stdout.destroy();
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(complaints).toBe('');
  });
});

describe('init', () => {
  test('writes a worker, its test and a config', async () => {
    const cwd = folder();
    const { code, stdout } = await shardyard(['init', 'prices'], { cwd });
    expect([code, stdout]).toEqual([0, 'wrote prices.ts\nwrote prices.test.ts\nwrote shardyard.yaml\n']);
    expect(readFileSync(join(cwd, 'prices.test.ts'), 'utf8')).toContain("from './prices.ts'");
    expect(readFileSync(join(cwd, 'shardyard.yaml'), 'utf8')).toContain('worker: prices.ts\n');
  });

  test('says what else is needed where the package is not installed', async () => {
    expect((await shardyard(['init'])).stderr).toContain('npm install shardyard');
  });

  test('overwrites nothing, and writes nothing then', async () => {
    const cwd = folder({ 'prices.test.ts': 'mine' });
    expect(await shardyard(['init', 'prices'], { cwd })).toEqual(
      refused('prices.test.ts exists already: nothing was written; choose another name or another folder'),
    );
    expect(readdirSync(cwd)).toEqual(['prices.test.ts']);
    expect(readFileSync(join(cwd, 'prices.test.ts'), 'utf8')).toBe('mine');
  });

  test('takes the name with or without .ts, and no path', async () => {
    const cwd = folder();
    await shardyard(['init', 'a.ts'], { cwd });
    expect(readdirSync(cwd)).toEqual(['a.test.ts', 'a.ts', 'shardyard.yaml']);
    expect(await shardyard(['init', '../a'], { cwd })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot be the name of a worker'),
    });
  });

  test('writes options that are all known, commented out or not', async () => {
    const cwd = folder();
    await shardyard(['init'], { cwd });
    const file = join(cwd, 'shardyard.yaml');
    const lines = readFileSync(file, 'utf8').split('\n');
    const uncommented = lines.map((line) => (/^# {1,3}[\w-]+:( |$)/.test(line) && !line.includes('All of them') ? line.slice(2) : line));
    expect(uncommented.filter((line, at) => line !== lines[at]).length).toBeGreaterThan(5);
    writeFileSync(file, uncommented.join('\n'));
    // Read before anything else is done, so that an unknown option would be refused first.
    expect(await shardyard(['run', '--limit', 'x'], { cwd })).toEqual(
      refused('--limit: "x" is not a whole number: write a whole number, 1 or more; or all'),
    );
  });
});
