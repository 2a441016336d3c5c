import type { FlatDetail, FlatValue } from './flat-detail.ts';

/** An event in a few words, as lists, tips and tables show it. Kinds of later versions are shown with all their fields. */
export function eventText(detail: FlatDetail): string {
  const field = (name: string): string => fieldText(detail[name]);
  const also = (name: string): string => (detail[name] === undefined ? '' : `: ${field(name)}`);
  switch (detail.type) {
    case 'start':
      return `starts, incarnation ${field('incarnation')}`;
    case 'crash':
      return 'crashes';
    case 'pause':
      return 'pauses';
    case 'resume':
      return 'resumes';
    case 'timer':
      return 'timer fires';
    case 'send':
      return `sends message ${field('message')} to ${field('to')}${also('text')}`;
    case 'deliver':
      return `receives message ${field('message')} from ${field('from')}${detail['corrupted'] === undefined ? '' : ', corrupted'}`;
    case 'drop':
      return `message ${field('message')} from ${field('from')} is lost: ${field('why')}`;
    case 'connect':
      return `connected to ${field('peer')}`;
    case 'disconnect':
      return `disconnected from ${field('peer')}`;
    case 'disk':
      return `disk ${field('action')}${also('text')}`;
    case 'clock':
      return `clock ${field('action')} by ${field('byMs')} ms`;
    case 'fault-begin':
      return `${field('kind')} begins${detail['nodes'] === undefined || field('nodes') === '' ? '' : ` on ${field('nodes')}`}${also('text')}`;
    case 'fault-end':
      return `fault ${field('fault')} ends`;
    default:
      return observedText(detail);
  }
}

/** What programs and checkers say themselves. */
function observedText(detail: FlatDetail): string {
  const field = (name: string): string => fieldText(detail[name]);
  switch (detail.type) {
    case 'invoke':
      return `invokes operation ${field('operation')}: ${field('input')}`;
    case 'return':
      return `operation ${field('operation')} returns ${field('output')}`;
    case 'open':
      return `operation ${field('operation')} stays open: ${field('why')}`;
    case 'fact':
      return `fact ${field('fact')}`;
    case 'probe':
      return `reached ${field('probe')}`;
    case 'log':
      return field('text');
    case 'phase':
      return field('phase') === 'end' ? 'the run ends' : `${field('phase')} phase begins`;
    case 'finding':
      return `${field('rule')}: ${field('message')}`;
    default: {
      const fields = Object.entries(detail).filter(([name]) => name !== 'type');
      return [detail.type, ...fields.map(([name, value]) => `${name} ${fieldText(value)}`)].join(' ');
    }
  }
}

function fieldText(value: FlatValue | undefined): string {
  return Array.isArray(value) ? value.join(', ') : String(value ?? '');
}

/** Simulated time as people read it: `12.345 678 s`. */
export function timeText(atUs: number): string {
  const micros = Math.round(atUs);
  const digits = String(Math.abs(micros)).padStart(7, '0');
  const whole = digits.slice(0, -6).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${micros < 0 ? '-' : ''}${whole}.${digits.slice(-6, -3)} ${digits.slice(-3)} s`;
}
