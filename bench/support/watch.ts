import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What a process and those that it started looked like at one moment. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Bytes. */
  readonly rss: number;
  readonly descriptors: number;
  /** Children that have ended and that it has not asked about. */
  readonly zombies: number;
}

/** Milliseconds of CPU that a process has taken itself, and with all children that have ended. */
interface Cpu {
  readonly own: number;
  readonly all: number;
}

export interface Watched {
  readonly samples: readonly Sample[];
  readonly cpu: Cpu;
}

const TICKS = 100;

/** Runs Node and looks at the process every so many milliseconds, from outside. One that fails is an error with what it printed. */
export async function watch(args: readonly string[], { cwd, every }: { readonly cwd: string; readonly every: number }): Promise<Watched> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  const pid = child.pid ?? 0;
  const samples: Sample[] = [];
  let cpu: Cpu = { own: 0, all: 0 };
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const timer = setInterval(() => {
    try {
      samples.push(look(pid));
      cpu = cpuOf(pid);
    } catch {
      // It has just ended.
    }
  }, every);
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${stderr}`);
  return { samples, cpu };
}

function look(pid: number): Sample {
  const rss = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  const descriptors = readdirSync(`/proc/${pid}/fd`).length;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return { at: Date.now(), rss, descriptors, zombies: children.filter(isZombie).length };
}

function isZombie(pid: string): boolean {
  try {
    return fieldsOf(pid)[0] === 'Z';
  } catch {
    return false;
  }
}

function cpuOf(pid: number): Cpu {
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fieldsOf(String(pid)).slice(11, 15).map(Number);
  const ms = 1000 / TICKS;
  return { own: (user + system) * ms, all: (user + system + childUser + childSystem) * ms };
}

/** The fields of `/proc/<pid>/stat` behind the name, which may hold anything. */
const fieldsOf = (pid: string): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
