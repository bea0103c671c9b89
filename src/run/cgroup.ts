import { existsSync, readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';

/** Limits above this mean that there is none; version 1 has a number for that. */
const UNLIMITED = 2 ** 60;

/** Names of the files of one version of the kernel's control groups. */
interface Names {
  readonly limit: string;
  readonly usage: string;
  /** The line of `memory.stat` that counts what the kernel can drop at once: files that were not looked at lately. */
  readonly droppable: RegExp;
  readonly events: string;
}
const V1: Names = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  droppable: /^total_inactive_file (\d+)/m,
  events: 'memory.oom_control',
};
const V2: Names = { limit: 'memory.max', usage: 'memory.current', droppable: /^inactive_file (\d+)/m, events: 'memory.events' };

/** Memory as the kernel counts it for this process and those that it starts. Linux only; elsewhere it knows nothing. */
export interface Memory {
  /** Bytes that programs can still get: what the machine has, or less where a control group limits it. */
  available(): number;
  /** How many processes of this control group the kernel has ended for want of memory; `undefined` where it does not tell. */
  oomKills(): number | undefined;
}

/** Finds the control groups of this process. `root`: where `/proc` and `/sys` are, for tests. */
export function openMemory(root = '/'): Memory {
  const { names, folders } = groupsOf(root);
  const [events = join(root, 'proc/vmstat')] = folders.map((folder) => join(folder, names.events)).filter((file) => existsSync(file));
  return {
    available: () => Math.min(machine(root), ...folders.map((folder) => roomIn(folder, names))),
    oomKills: () => numberIn(events, /^oom_kill (\d+)/m),
  };
}

/** The group of this process and those around it, as far as they can be seen: a container sees its own as the outermost. */
function groupsOf(root: string): { readonly names: Names; readonly folders: readonly string[] } {
  const lines = (textOf(join(root, 'proc/self/cgroup')) ?? '').split('\n').map((line) => line.split(':'));
  const mount = join(root, 'sys/fs/cgroup');
  const v1 = lines.find(([, controllers = '']) => controllers.split(',').includes('memory'));
  const path = (v1 ?? lines.find(([number]) => number === '0'))?.slice(2).join(':') ?? '/';
  const base = v1 ? join(mount, 'memory') : mount;
  const names = v1 ? V1 : V2;
  const folders: string[] = [];
  for (let folder = join(base, path); folder.startsWith(base); folder = dirname(folder)) {
    if (existsSync(join(folder, names.usage))) folders.push(folder);
  }
  return { names, folders };
}

function roomIn(folder: string, names: Names): number {
  const limit = numberIn(join(folder, names.limit), /^(\d+)/) ?? Infinity;
  if (limit >= UNLIMITED) return Infinity;
  const usage = numberIn(join(folder, names.usage), /^(\d+)/) ?? 0;
  const droppable = numberIn(join(folder, 'memory.stat'), names.droppable) ?? 0;
  return Math.max(0, limit - Math.max(0, usage - droppable));
}

/** Linux's `MemAvailable` counts caches that can be dropped. */
function machine(root: string): number {
  const kilobytes = numberIn(join(root, 'proc/meminfo'), /^MemAvailable:\s+(\d+)/m);
  return kilobytes === undefined ? freemem() : kilobytes * 1024;
}

function numberIn(file: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(textOf(file) ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
