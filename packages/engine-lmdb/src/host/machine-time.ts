import { execFileSync } from 'node:child_process';
import { QuorateError, systemClock } from '@quorate/core';
import type { MachineTime } from '../session-table.ts';

/**
 * The time that all processes of this machine share, since its boot. It stands still while the machine is suspended.
 *
 * @throws QuorateError `UNSUPPORTED` where the platform names no boot
 */
export function machineTime(): MachineTime {
  const wallMs = (): number => systemClock.wallMs();
  if (process.platform === 'linux') {
    const { bootId } = systemClock;
    // Without /proc the clock has an id of its own in each thread, under which nothing compares.
    if (!bootId.startsWith('thread-')) return { bootId, nowMs: () => systemClock.bootMs(), wallMs };
  }
  if (process.platform === 'darwin') {
    const bootId = execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' });
    return { bootId: bootId.trim(), nowMs: () => Number(process.hrtime.bigint()) / 1e6, wallMs };
  }
  throw new QuorateError('UNSUPPORTED', `Platform "${process.platform}" tells no id of its boot`, {
    outcome: 'not-applied',
  });
}
