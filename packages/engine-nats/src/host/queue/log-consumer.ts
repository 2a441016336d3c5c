import type { Clock, Timer } from '@quorate/core';
import type { Msg } from '@nats-io/nats-core';
import type { StreamApi } from '../stream-api.ts';
import { type Delivery, readDelivery } from './delivery.ts';

export interface LogConsumerOptions {
  readonly api: StreamApi;
  readonly clock: Clock;
  readonly subject: string;
  /** The first message that it wants, or the next that there is. */
  readonly from: number;
  readonly onMessage: (message: Msg, delivery: Delivery) => void;
  /** Something is missing, or the server has forgotten it: another must be made. */
  readonly onBroken: () => void;
}

/** How often the server says that it is there where nothing comes, and after which time of silence it is not, ms. */
const heartbeatMs = 5000;
const silenceMs = 3 * heartbeatMs;

/** After which time without its client the server forgets it, ms. */
const forgottenMs = 30_000;

/** Whatever is stored on a subject, in order and without a gap, from a number on: a consumer of JetStream that is pushed to. */
export class LogConsumer {
  readonly #options: LogConsumerOptions;
  readonly #name: string;
  readonly #subject: string;
  readonly #unsubscribe: () => void;
  #delivered = 0;
  #heardMs: number;
  #timer: Timer | undefined;
  #isOver = false;

  /** @param name that nobody has used */
  constructor(name: string, options: LogConsumerOptions) {
    const { api, clock } = options;
    this.#options = options;
    this.#name = name;
    this.#subject = `${api.requests.inbox}-${name}`;
    this.#heardMs = clock.monotonicMs();
    this.#unsubscribe = api.requests.subscribe(this.#subject, message => this.#hear(message));
  }

  /**
   * Begins.
   *
   * @returns the server's time of it, in ms since 1970
   * @throws QuorateError `UNAVAILABLE`, `STORE_REFUSED`
   */
  async start(): Promise<number> {
    const { api, subject, from } = this.#options;
    const createdMs = await api.createConsumer(this.#name, {
      deliver_subject: this.#subject,
      deliver_policy: 'by_start_sequence',
      opt_start_seq: from,
      filter_subject: subject,
      ack_policy: 'none',
      max_deliver: 1,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: forgottenMs * 1e6,
      flow_control: true,
      idle_heartbeat: heartbeatMs * 1e6,
    });
    this.#listen();
    return createdMs;
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#unsubscribe();
    this.#options.api.forgetConsumer(this.#name);
  }

  #listen(): void {
    const { clock } = this.#options;
    if (this.#isOver) return;
    if (clock.monotonicMs() - this.#heardMs > silenceMs) {
      this.#break();
      return;
    }
    this.#timer = clock.setTimer(heartbeatMs, () => this.#listen());
    this.#timer.unref();
  }

  #hear(message: Msg): void {
    if (this.#isOver) return;
    this.#heardMs = this.#options.clock.monotonicMs();
    const delivery = readDelivery(message.reply);
    if (delivery === undefined) {
      this.#onControl(message);
      return;
    }
    if (delivery.delivered !== this.#delivered + 1) {
      this.#break();
      return;
    }
    this.#delivered = delivery.delivered;
    this.#options.onMessage(message, delivery);
  }

  /** The server asks whether it may go on sending, or says that it is there and how far it is. */
  #onControl(message: Msg): void {
    const { headers: fields, reply } = message;
    if (reply !== undefined && reply !== '') message.respond();
    const stalled = fields?.get('Nats-Consumer-Stalled') ?? '';
    if (stalled !== '') this.#options.api.requests.tell(stalled, '');
    const sent = fields?.get('Nats-Last-Consumer') ?? '';
    if (sent !== '' && Number(sent) !== this.#delivered) this.#break();
  }

  #break(): void {
    this.close();
    this.#options.onBroken();
  }
}
