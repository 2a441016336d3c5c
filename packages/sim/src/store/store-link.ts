import { type NodeId, QuorateError } from '@quorate/core';
import type { Device } from '../device.ts';
import { drawBetween, drawChance, neverSettles } from '../device-wait.ts';
import type { SimStoreOptions } from './sim-store.ts';

/** What stands at the far end of a link. */
export interface LinkedService {
  /** Of a host that never crashes. */
  readonly device: Device;
  /** Whether a node and the service can hear each other now. */
  readonly reachable: (node: NodeId) => boolean;
}

/** How long a client waits for an answer until it takes the connection for broken. */
const patienceUs = 1_000_000;

/** What happens to one request on its way, drawn when it is sent, so that no draw depends on what happens meanwhile. */
interface Fate {
  readonly requestUs: number;
  readonly answerUs: number;
  readonly requestLost: boolean;
  readonly answerLost: boolean;
  /** When the client notices that something was lost. */
  readonly noticeUs: number;
}

/**
 * A client's way to the service. A request may be lost, or its answer, or either may take long: longer than the client waits, so
 * that it takes effect after its caller was told that nobody knows. Requests of one client may overtake each other.
 */
export class StoreLink<Service extends LinkedService> {
  readonly #device: Device;
  readonly #service: Service;
  readonly #name: string;
  readonly #options: SimStoreOptions;
  /** Whether there is a connection, as far as the client knows. Without one a request certainly does not leave. */
  #isConnected = true;

  /** @param name what its draws and errors name the service */
  constructor(device: Device, service: Service, options: SimStoreOptions, name = 'store') {
    this.#device = device;
    this.#service = service;
    this.#options = options;
    this.#name = name;
  }

  /** Has the service do one step, and gives its result, or what it threw. See {@link exchange}. */
  call<Result>(step: (service: Service) => Result): Promise<Result> {
    return this.exchange((service, resolve) => resolve(step(service)), 0);
  }

  /**
   * Sends a request that the service answers now or up to `holdUs` later.
   *
   * @throws QuorateError `UNAVAILABLE`; by its outcome the request did not leave (`not-applied`), or nobody knows (`unknown`)
   */
  exchange<Result>(
    request: (service: Service, resolve: (result: Result) => void) => void,
    holdUs: number,
  ): Promise<Result> {
    const device = this.#device;
    if (!device.alive) return neverSettles();
    return new Promise((resolve, reject) => {
      const fate = this.#drawFate();
      const isRefused = drawChance(device, `${this.#name}.refused`, this.#options.refusedChance ?? 0);
      const send = (): void => this.#send(request, fate, holdUs, resolve, reject);
      if (this.#isConnected && !isRefused) {
        send();
        return;
      }
      // A connection is made first, which takes a round trip and shows whether the service can be reached.
      device.after(fate.requestUs + fate.answerUs, () => {
        this.#isConnected = !isRefused && this.#service.reachable(device.node);
        if (this.#isConnected) send();
        else reject(unavailable(`The ${this.#name} cannot be reached`, 'not-applied'));
      });
    });
  }

  #drawFate(): Fate {
    const device = this.#device;
    const name = this.#name;
    const { latencyMinUs = 200, latencyMaxUs = 2_000, lateMaxUs = 5_000_000 } = this.#options;
    const { requestLossChance = 0, answerLossChance = 0, lateChance = 0 } = this.#options;
    const requestLost = drawChance(device, `${name}.request-lost`, requestLossChance);
    const answerLost = drawChance(device, `${name}.answer-lost`, answerLossChance);
    const requestLate = drawChance(device, `${name}.request-late`, lateChance);
    const answerLate = drawChance(device, `${name}.answer-late`, lateChance);
    return {
      requestUs:
        drawBetween(device, `${name}.request`, latencyMinUs, latencyMaxUs) +
        (requestLate ? drawBetween(device, `${name}.request-late-us`, 0, lateMaxUs) : 0),
      answerUs:
        drawBetween(device, `${name}.answer`, latencyMinUs, latencyMaxUs) +
        (answerLate ? drawBetween(device, `${name}.answer-late-us`, 0, lateMaxUs) : 0),
      requestLost,
      answerLost,
      noticeUs:
        requestLost || answerLost ? drawBetween(device, `${name}.notice-us`, 0, patienceUs) : patienceUs,
    };
  }

  #send<Result>(
    request: (service: Service, resolve: (result: Result) => void) => void,
    fate: Fate,
    holdUs: number,
    resolve: (result: Result) => void,
    reject: (reason: unknown) => void,
  ): void {
    const device = this.#device;
    const service = this.#service;
    const sentUs = device.nowUs;
    const noticeAtUs = sentUs + holdUs + fate.noticeUs;
    let isGivenUp = false;
    const giveUp = (): void => {
      if (isGivenUp) return;
      isGivenUp = true;
      device.after(Math.max(0, noticeAtUs - device.nowUs), () => {
        this.#isConnected = false;
        reject(unavailable(`The connection to the ${this.#name} broke before the answer came`, 'unknown'));
      });
    };
    const answer = (settle: () => void): void => {
      const isLost = fate.answerLost || !service.reachable(device.node);
      const comesAtUs = device.nowUs + fate.answerUs;
      if (isLost || comesAtUs > noticeAtUs) giveUp();
      if (!isLost) device.after(fate.answerUs, settle);
    };
    if (fate.requestLost || !service.reachable(device.node)) {
      giveUp();
      return;
    }
    if (sentUs + fate.requestUs > noticeAtUs) giveUp();
    service.device.after(fate.requestUs, () => {
      if (!service.reachable(device.node)) {
        giveUp();
        return;
      }
      try {
        request(service, result => answer(() => resolve(result)));
      } catch (thrown) {
        answer(() => reject(thrown));
      }
    });
  }
}

function unavailable(message: string, outcome: 'not-applied' | 'unknown'): QuorateError {
  return new QuorateError('UNAVAILABLE', message, { retryable: true, outcome });
}
