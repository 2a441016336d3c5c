import type { ErrorCode } from './error-code.ts';

/** Codes of the demo's supervisor. */
export const demoCodes: Readonly<Record<string, ErrorCode>> = {
  BAD_ANSWER: {
    from: 'demo',
    means: 'A node answered with a failure that carries no problem body.',
    advice: "Look at the node's log; something other than a node may listen on its port.",
  },
  BUSY: {
    from: 'demo, HTTP 409',
    means: 'The supervisor is in the middle of something that excludes this.',
    advice: 'Repeat when it has finished.',
  },
  CANCELLED: {
    from: 'demo, HTTP 409',
    means: 'The removal of a node was cancelled before it began to hand its keys over: the node stays.',
    advice: 'Nothing; remove it again if you want it to go.',
  },
  CHANGE_STUCK: {
    from: 'demo',
    means: 'A change of membership was not handed over in time; how far it got is unknown.',
    advice: 'Look which node does not answer; removing that one lets the change go on.',
  },
  CLOSING: {
    from: 'demo',
    means: 'The cluster is being shut down, so no node is started any more.',
    advice: 'Nothing; start the demo again if you want it.',
  },
  HOSTS_REPLICA: {
    from: 'demo, HTTP 409',
    means: 'The node hosts a replica, and no other node could host it in its stead, so it cannot be removed.',
    advice: 'Add a node first: it takes the place in the group.',
  },
  LAST_NODE: {
    from: 'demo',
    means: 'The last node cannot be removed: there would be no cluster left.',
    advice: 'Add a node first, or stop the demo.',
  },
  NODE_RUNS: {
    from: 'demo, HTTP 409',
    means: 'A node was to be started again that runs already.',
    advice: 'Nothing; it may just have come back by itself.',
  },
  NODE_SILENT: {
    from: 'demo',
    means: 'The node that was to take a place in the group of replicas does not answer.',
    advice: 'Kill that node, or wait until it answers, then try again.',
  },
  NODE_START_FAILED: {
    from: 'demo',
    means: 'A node process did not start; the message has what it wrote.',
    advice: 'Correct what it names, then add the node again.',
  },
  NOTHING_TO_CANCEL: {
    from: 'demo, HTTP 409',
    means: 'Nothing is under way, or what is cannot be cancelled any more.',
    advice: 'Nothing; wait until it is over.',
  },
  NO_MAJORITY: {
    from: 'demo',
    means:
      'No majority of the replicas answers, so that nothing can be decided; the message says who does not.',
    advice:
      'Start those nodes again, then repeat. The demo finds out by itself what became of what it had begun.',
  },
  NO_NODES: {
    from: 'demo',
    means: 'No node is running.',
    advice: 'Add a node.',
  },
  NO_WRITE: {
    from: 'demo',
    means: 'No write was acknowledged by a new leader within the time that the demo waits for one.',
    advice: 'Look on the tape for what the replicas said; on a very busy machine, run the demo again.',
  },
  REPLICA_START_FAILED: {
    from: 'demo',
    means: 'A node did not start its replica; the message has why.',
    advice: 'Correct what it names, then start the node again.',
  },
  TOO_MANY_FEEDS: {
    from: 'demo, HTTP 429',
    means: 'As many pages watch the demo as it feeds at once.',
    advice: 'Close one of them.',
  },
  TOO_MANY_NODES: {
    from: 'demo, HTTP 409',
    means: 'The demo runs as many nodes as it may.',
    advice: 'Remove one first.',
  },
};
