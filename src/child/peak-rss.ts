import { readFileSync } from 'node:fs';

/** The most memory that this process has ever had, in bytes; where the kernel does not tell, what it has now. */
export function peakRss(): number {
  try {
    // Not `resourceUsage().maxRSS`: that begins with what the parent had when it forked.
    const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.memoryUsage.rss();
}
