import { type NodeId, nodeId } from '@quorate/core';
import { type AllowedFaults, allowedFaults } from '../faults/allowed-faults.ts';
import { drawWeather } from '../faults/draw-weather.ts';
import { Episodes } from '../faults/episodes.ts';
import { HostFaults } from '../faults/host-faults.ts';
import { planNetworkFaults } from '../faults/network-faults.ts';
import { Swarm } from '../faults/swarm.ts';
import { DatagramNetwork } from '../network/datagram-network.ts';
import type { Network } from '../network/network.ts';
import { StreamNetwork } from '../network/stream-network.ts';
import { Client } from '../process/client.ts';
import { Host } from '../process/host.ts';
import { Machine } from '../process/machine.ts';
import { MachineDevices } from '../process/machine-devices.ts';
import type { EnvWorld } from '../process/sim-env.ts';
import { StoreHost } from '../process/store-host.ts';
import type { RunOptions, RunResult } from '../run-result.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { Tracer } from '../trace/tracer.ts';
import { Referee } from './referee.ts';
import { Tape } from './tape.ts';
import { World } from './world.ts';

const phaseDefaultMs = 30_000;
const eventsDefaultMax = 10_000_000;

/** One run of one seed: a world with its hosts, its faults and its phases. The host side steps it to its end. */
export class Simulation {
  readonly world: World;
  readonly #scenario: Scenario;
  readonly #options: RunOptions;
  readonly #tape: Tape;
  readonly #tracer: Tracer;
  readonly #referee: Referee;
  readonly #swarm: Swarm;
  readonly #allowed: AllowedFaults;
  readonly #network: Network;
  readonly #episodes: Episodes;
  readonly #store: StoreHost;
  readonly #machines: readonly Machine[];
  readonly #clients: readonly Client[];
  /** Nodes that start with the liveness phase. */
  readonly #late: Machine[] = [];
  readonly #livenessMs: number;
  /** How many clients have not ended. */
  #awaited: number;

  constructor(scenario: Scenario, options: RunOptions) {
    const { seed, without = [], record = false, eventsMax = eventsDefaultMax } = options;
    const { nodes: nodeNames, clients = 0, livenessMs = phaseDefaultMs } = scenario;
    const clientNames = Array.from({ length: clients }, (_, index) => `client-${index}`);
    this.#scenario = scenario;
    this.#options = options;
    this.#livenessMs = livenessMs;
    this.#tape = new Tape(seed, without, record);
    this.#tracer = new Tracer([...nodeNames, ...clientNames], record);
    this.world = new World(this.#tape, this.#tracer, eventsMax);
    this.#referee = new Referee(this.world, scenario);
    this.#allowed = allowedFaults(scenario.faults ?? {}, nodeNames.length);
    this.#swarm = new Swarm(this.#tape, this.#allowed);
    const hosts = [...nodeNames, ...clientNames].map(
      (name, index) =>
        new Host(this.world, { name, index, kind: index < nodeNames.length ? 'node' : 'client' }),
    );
    this.#network = this.#createNetwork(hosts);
    this.#episodes = new Episodes(this.world, Math.floor((options.earlierMs ?? 0) * 1000));
    this.#store = new StoreHost(this.world);
    const shared: EnvWorld = {
      world: this.world,
      network: this.#network,
      referee: this.#referee,
      nodes: nodeNames.map((name): NodeId => nodeId(name)),
    };
    const devices = (host: Host) =>
      new MachineDevices(this.world, host, this.#store, this.#allowed, this.#swarm);
    this.#machines = hosts
      .filter(({ kind }) => kind === 'node')
      .map(host => new Machine(shared, host, devices(host), env => scenario.node(env)));
    const client = scenario.client?.bind(scenario);
    this.#clients = hosts
      .filter(({ kind }) => kind === 'client')
      .map(host => new Client(shared, host, devices(host), client, () => this.#clientEnded()));
    this.#awaited = clients;
  }

  /** Puts the run's first events into the queue: starts, faults, the ends of both phases. */
  begin(): void {
    const { world } = this;
    const safetyMs = this.#scenario.safetyMs ?? phaseDefaultMs;
    const safetyUs = Math.floor(Math.min(this.#options.safetyMs ?? safetyMs, safetyMs) * 1000);
    world.trace(world.lane, { type: 'phase', phase: 'safety' });
    this.#planStarts();
    planNetworkFaults(this.#episodes, this.#network, this.#store, this.#swarm, safetyMs);
    new HostFaults(world, this.#episodes, this.#machines, this.#allowed, this.#swarm).plan(safetyMs);
    world.at(safetyUs, () => this.#heal());
    world.at(safetyUs + Math.floor(this.#livenessMs * 1000), () => this.#finish());
  }

  result(): RunResult {
    const { world } = this;
    const ending = world.ending ?? { verdict: 'ok' as const };
    const trace = this.#tracer.events;
    const removable = this.#tape.removable;
    return {
      scenario: this.#scenario.name,
      seed: this.#options.seed,
      verdict: ending.verdict,
      ...(ending.verdict === 'violation' ? { finding: ending.finding } : {}),
      ...(ending.verdict === 'error' ? { error: ending.error } : {}),
      traceHash: this.#tracer.digest(),
      events: world.events,
      simulatedMs: world.nowUs / 1000,
      probes: this.#referee.probes,
      swarm: this.#swarm.kinds,
      history: this.#referee.history,
      ...(trace === undefined ? {} : { trace }),
      ...(removable === undefined ? {} : { removable }),
    };
  }

  #createNetwork(hosts: readonly Host[]): Network {
    const endpoints = hosts.map(({ endpoint }) => endpoint);
    const weather = drawWeather(this.#tape, this.#swarm, this.#allowed);
    return this.#allowed.network.mode === 'datagram'
      ? new DatagramNetwork(this.world, endpoints, weather)
      : new StreamNetwork(this.world, endpoints, weather);
  }

  /** Hosts start one after the other, but for those that are taken away: nodes only where they might have crashed as well. */
  #planStarts(): void {
    const tape = this.#tape;
    let mayBeDown = this.#allowed.kinds.includes('crashes') ? this.#allowed.process.downMax : 0;
    for (const machine of this.#machines) {
      const { name } = machine.host;
      if (mayBeDown > 0 && !tape.takes(`node:${name}`, 0)) {
        mayBeDown -= 1;
        this.#late.push(machine);
        continue;
      }
      this.world.at(tape.between(`start/${name}`, 0, 20_000), () => machine.start());
    }
    for (const [index, client] of this.#clients.entries()) {
      const { name } = client.host;
      if (tape.takes(`client:${name}`, 0)) {
        this.world.at(tape.between(`start/${name}`, 0, 20_000), () => client.start(index));
      } else client.leaveOut();
    }
  }

  /** The liveness phase: all faults end, what is down starts again, and clients begin nothing new. */
  #heal(): void {
    const { world } = this;
    world.trace(world.lane, { type: 'phase', phase: 'liveness' });
    world.faulty = false;
    this.#network.clear();
    for (const { host } of this.#machines) host.time.setRate(world.nowUs, 1);
    this.#episodes.endAll();
    for (const machine of this.#late) machine.start();
    for (const client of this.#clients) client.endWorkload();
    if (this.#clients.length > 0 && this.#awaited === 0) this.#finishSoon();
  }

  #clientEnded(): void {
    this.#awaited--;
    if (this.#awaited === 0 && !this.world.faulty) this.#finishSoon();
  }

  /** As an event of its own, so that what else happens at this instant still does. */
  #finishSoon(): void {
    this.world.at(this.world.nowUs, () => this.#finish());
  }

  #finish(): void {
    const { world } = this;
    world.trace(world.lane, { type: 'phase', phase: 'end' });
    const hanging = this.#clients.map(client => client.hangs()).filter(text => text !== undefined);
    const finding: Finding = {
      rule: 'liveness',
      message: `Not over after ${this.#livenessMs} ms without faults: ${hanging.join('; ')}`,
    };
    this.#referee.finish(hanging.length > 0 ? finding : undefined);
  }
}
