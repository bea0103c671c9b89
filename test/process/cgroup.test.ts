import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openMemory } from '../../src/run/cgroup.ts';
import { OomKills } from '../../src/run/oom-kills.ts';

/** A machine's `/proc` and `/sys`, as far as they are looked at. */
function machine(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'shardyard-cgroup-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [file, text] of Object.entries({ 'proc/meminfo': 'MemTotal: 9 kB\nMemAvailable:    8000 kB\n', ...files })) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

const V2 = 'sys/fs/cgroup';
const V1 = 'sys/fs/cgroup/memory';

test.each<[string, Readonly<Record<string, string>>, number, number | undefined]>([
  ['no control groups', {}, 8_192_000, undefined],
  ['version 2, outside of every group', { 'proc/self/cgroup': '0::/\n', 'proc/vmstat': 'x 1\noom_kill 3\n' }, 8_192_000, 3],
  [
    'version 2, a limit of its own; what can be dropped is available',
    {
      'proc/self/cgroup': '0::/a.slice/b\n',
      [`${V2}/a.slice/b/memory.max`]: '1000000\n',
      [`${V2}/a.slice/b/memory.current`]: '700000\n',
      [`${V2}/a.slice/b/memory.stat`]: 'anon 5\ninactive_file 100000\nactive_file 50\n',
      [`${V2}/a.slice/b/memory.events`]: 'low 0\noom 7\noom_kill 5\noom_group_kill 0\n',
    },
    400_000,
    5,
  ],
  [
    'version 2, the limit of a group around it',
    {
      'proc/self/cgroup': '0::/a.slice/b\n',
      [`${V2}/a.slice/b/memory.max`]: 'max\n',
      [`${V2}/a.slice/b/memory.current`]: '700000\n',
      [`${V2}/a.slice/memory.max`]: '2000000\n',
      [`${V2}/a.slice/memory.current`]: '1900000\n',
    },
    100_000,
    undefined,
  ],
  [
    'version 1, in a container that sees its own group as the outermost',
    {
      'proc/self/cgroup': '12:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n',
      [`${V1}/memory.limit_in_bytes`]: '3000000\n',
      [`${V1}/memory.usage_in_bytes`]: '1000000\n',
      [`${V1}/memory.stat`]: 'inactive_file 1\ntotal_inactive_file 500000\n',
      [`${V1}/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
    },
    2_500_000,
    2,
  ],
  [
    'version 1, no limit',
    {
      'proc/self/cgroup': '4:memory:/\n',
      [`${V1}/memory.limit_in_bytes`]: '9223372036854771712\n',
      [`${V1}/memory.usage_in_bytes`]: '1000000\n',
      [`${V1}/memory.oom_control`]: 'oom_kill 0\n',
    },
    8_192_000,
    0,
  ],
  [
    'over its limit for a moment',
    { 'proc/self/cgroup': '0::/a\n', [`${V2}/a/memory.max`]: '10\n', [`${V2}/a/memory.current`]: '12\n' },
    0,
    undefined,
  ],
])('memory, %s', (_, files, available, oomKills) => {
  const memory = openMemory(machine(files));
  expect([memory.available(), memory.oomKills()]).toEqual([available, oomKills]);
});

test('this machine has some', () => {
  expect(openMemory().available()).toBeGreaterThan(1 << 20);
});

test('each kill that the kernel counts explains one death', () => {
  let count = 4;
  const kills = new OomKills({ available: () => 0, oomKills: () => count });
  const before = kills.unexplained();
  expect(kills.since(before)).toBe(0);
  count += 2;
  expect(kills.since(before)).toBe(2);
  kills.explain();
  expect(kills.since(before)).toBe(1);
  kills.explain();
  expect([kills.since(before), kills.since(undefined)]).toEqual([0, 0]);
  // It ended something else, before this one began.
  count++;
  expect(kills.since(kills.unexplained())).toBe(0);
});
