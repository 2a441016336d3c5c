import type { Random } from '@quorate/core';
import type { Endpoint } from '../network/endpoint.ts';
import type { Link } from '../network/link.ts';
import type { Network } from '../network/network.ts';
import type { StoreHost } from '../process/store-host.ts';
import type { Episodes, Strike } from './episodes.ts';
import type { Swarm } from './swarm.ts';

/** Plans the partitions, clogs and resets of a run. Clients are peers like any other, and the store is with one side. */
export function planNetworkFaults(
  episodes: Episodes,
  network: Network,
  store: StoreHost,
  swarm: Swarm,
  safetyMs: number,
): void {
  const { endpoints } = network;
  if (endpoints.length < 2) return;
  const links = linksOf(endpoints);
  const plan = (kind: string, force: number, gapMs: number, longMs: number) => ({
    kind,
    safetyMs,
    meanGapMs: gapMs / force,
    durationMinMs: 10,
    durationMaxMs: longMs,
  });
  if (swarm.has('partitions')) {
    const force = swarm.force('partitions');
    episodes.schedule(plan('partition', force, 2_000, 15_000), random =>
      partition(network, links, store, random),
    );
  }
  if (swarm.has('clogs')) {
    const force = swarm.force('clogs');
    episodes.schedule(plan('clog', force, 1_000, 5_000), random => clog(network, links, random));
  }
  if (swarm.has('resets')) {
    const force = swarm.force('resets');
    episodes.schedule(plan('reset', force, 300, 20), random => reset(network, links, random));
  }
}

/** Two sides that do not hear of each other; or one of them does; or some hosts see both. */
function partition(network: Network, links: readonly Link[], store: StoreHost, random: Random): Strike {
  const { endpoints } = network;
  const shape = random.below(4);
  const alone = endpoints[random.below(endpoints.length)] as Endpoint;
  const left = new Set(shape === 0 ? [alone] : endpoints.filter(() => random.below(2) === 0));
  const bridges = new Set(shape === 1 ? endpoints.filter(() => random.below(4) === 0) : []);
  const oneWay = shape === 2 || (shape === 0 && random.below(3) === 0);
  const reverse = random.below(2) === 0;
  const cut = links.filter(({ from, to }) => {
    if (left.has(from) === left.has(to) || bridges.has(from) || bridges.has(to)) return false;
    return !oneWay || left.has(from) !== reverse;
  });
  const storeless = random.below(2) === 0 ? [...left] : [];
  for (const { id } of storeless) store.cut(id);
  for (const link of cut) link.blocked++;
  for (const link of cut) network.cut(link);
  return {
    nodes: endpoints.filter(endpoint => left.has(endpoint)).map(({ id }) => id),
    text: `${oneWay ? 'one way, ' : ''}${cut.length} links${bridges.size > 0 ? ', bridged' : ''}`,
    end: () => {
      for (const { id } of storeless) store.heal(id);
      for (const link of cut) link.blocked--;
      for (const link of cut) network.opened(link);
    },
  };
}

/** One link, or all to or from a host, hold everything back and deliver it later. */
function clog(network: Network, links: readonly Link[], random: Random): Strike {
  const { endpoints } = network;
  const host = endpoints[random.below(endpoints.length)] as Endpoint;
  const peer = endpoints[random.below(endpoints.length)] as Endpoint;
  const shape = random.below(4);
  const clogged = links.filter(({ from, to }) => {
    if (shape === 0) return from === host;
    if (shape === 1) return to === host;
    return from === host && to === peer;
  });
  for (const link of clogged) link.clogged++;
  return {
    nodes: [host.id],
    text: `${clogged.length} links`,
    end: () => {
      for (const link of clogged) link.clogged--;
      for (const link of clogged) network.opened(link);
    },
  };
}

function reset(network: Network, links: readonly Link[], random: Random): Strike {
  const link = links[random.below(links.length)] as Link;
  network.reset(link);
  return { nodes: [link.from.id, link.to.id] };
}

/** Every direction between two different hosts. */
function linksOf(endpoints: readonly Endpoint[]): readonly Link[] {
  return endpoints.flatMap(({ links }) => [...links.values()].filter(({ from, to }) => from !== to));
}
