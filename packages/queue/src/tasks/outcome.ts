import type { InspectedMessage } from '@quorate/core';
import { deadHeaders } from '../dead-letters/cause.ts';
import type { ErrorRecord } from './error-record.ts';
import type { FlowRecord } from './flow-record.ts';
import { jsonBytes, jsonValue } from './json-bytes.ts';

/** How a task ended, as it stands in its state record. */
export type Outcome =
  | { readonly state: 'succeeded'; readonly value?: unknown }
  | {
      readonly state: 'failed';
      readonly error: ErrorRecord;
      /** Whether trying again might help: the attempts were used up. */
      readonly retryable: boolean;
      readonly attempts: number;
    }
  | { readonly state: 'cancelled' };

/** What stands under a result's key: of a task once it has ended, of a flow from its start. */
export type ResultRecord = Outcome | FlowRecord;

export function readResult(bytes: Uint8Array): ResultRecord {
  return jsonValue(bytes) as ResultRecord;
}

/** @throws TypeError where JSON cannot say it */
export function writeResult(record: ResultRecord): Uint8Array {
  return jsonBytes('Result', record);
}

/** The outcome, with less of its error where a record would be too large: how it ended must be written whatever it takes. */
export function fitting(outcome: Outcome, maxBytes: number): Outcome {
  if (outcome.state !== 'failed' || writeResult(outcome).length <= maxBytes) return outcome;
  const { name, message, code } = outcome.error;
  const error = { name, message: message.slice(0, 200), ...(code === undefined ? {} : { code }) };
  return { ...outcome, error };
}

/** How a task ended that was moved to the dead letters without a word. */
export function outcomeOfDead({ headers, attemptCount }: InspectedMessage): Outcome {
  const message =
    headers[deadHeaders.error] ?? `it is a dead letter (${headers[deadHeaders.cause] ?? 'moved'})`;
  const code = headers[deadHeaders.code] || undefined;
  const attempts = Number(headers[deadHeaders.attempts] ?? attemptCount);
  const error = { name: 'Error', message, ...(code === undefined ? {} : { code }) };
  return { state: 'failed', error, retryable: true, attempts };
}
