import { describe, expect, test } from 'vitest';
import { checkLinearizabilitySync } from '../../src/linearizability/check-linearizability.ts';
import { keyValue } from '../../src/linearizability/models/key-value.ts';
import { register } from '../../src/linearizability/models/register.ts';
import {
  readEtcdHistories,
  readKeyValueHistories,
  recordedFolder,
  recordedVerdicts,
} from './recorded-histories.ts';
import { expectRightAnswer } from './right-answer.ts';

const recorded = recordedFolder(process.env);
const absent = 'absent' in recorded ? recorded.absent : '';

describe('histories that Jepsen and others recorded', () => {
  const folder = 'folder' in recorded ? recorded.folder : '';

  test('each of 52 histories of etcd gets its known verdict, with a proof', ctx => {
    ctx.skip(absent !== '', absent);
    const verdicts = recordedVerdicts(folder);
    const histories = readEtcdHistories(folder);
    expect(histories.size).toBe(52);
    for (const [name, history] of histories) {
      expect(history.length, name).toBeGreaterThan(50);
      const result = checkLinearizabilitySync(register(), history);
      expect(result.verdict, name).toBe(verdicts[name] === true ? 'ok' : 'violation');
      expectRightAnswer(register(), history, result);
    }
  });

  test('each of four histories of a key-value store gets its known verdict, with a proof', ctx => {
    ctx.skip(absent !== '', absent);
    const verdicts = recordedVerdicts(folder);
    const histories = readKeyValueHistories(folder);
    expect(histories.size).toBe(4);
    for (const [name, history] of histories) {
      expect(history.length, name).toBeGreaterThan(30);
      const result = checkLinearizabilitySync(keyValue({ missing: '' }), history);
      expect(result.verdict, name).toBe(verdicts[name] === true ? 'ok' : 'violation');
      expectRightAnswer(keyValue({ missing: '' }), history, result);
    }
  });
});
