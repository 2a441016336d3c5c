/** What the filters call the kinds of events, in the order of their switches. */
export const groupNames = [
  'messages',
  'timers',
  'process',
  'faults',
  'operations',
  'facts',
  'logs',
  'probes',
  'disk',
  'clock',
  'connections',
  'run',
  'other',
] as const;

export type Group = (typeof groupNames)[number];

const groups: Readonly<Record<string, Group>> = {
  send: 'messages',
  deliver: 'messages',
  drop: 'messages',
  timer: 'timers',
  start: 'process',
  crash: 'process',
  pause: 'process',
  resume: 'process',
  'fault-begin': 'faults',
  'fault-end': 'faults',
  invoke: 'operations',
  return: 'operations',
  open: 'operations',
  fact: 'facts',
  log: 'logs',
  probe: 'probes',
  disk: 'disk',
  clock: 'clock',
  connect: 'connections',
  disconnect: 'connections',
  phase: 'run',
  finding: 'run',
};

export function groupOf(type: string): Group {
  return groups[type] ?? 'other';
}
