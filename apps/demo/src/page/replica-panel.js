const number = new Intl.NumberFormat('en-US');
/** How many entries at least the bars show, so that a few do not look like many. */
const spanMin = 200;

const roles = {
  leader: 'leads',
  follower: 'follows',
  candidate: 'campaigns',
  'pre-candidate': 'asks for votes',
  failed: 'failed',
  silent: 'does not answer',
  down: 'down',
};

/** The group of replicas: a row for each, with its log as a bar on one scale for all. */
export class ReplicaPanel {
  #section;
  #list;
  #rows = new Map();
  #press;
  #tintOf;

  /** @param {(method: string, path: string) => void} press what a button does */
  constructor(section, tintOf, press) {
    this.#section = section;
    this.#list = section.querySelector('ol');
    this.#tintOf = tintOf;
    this.#press = press;
  }

  /** @param group the group's state, or null while there is none */
  show(group, busy) {
    this.#section.hidden = group === null;
    if (group === null) return;
    const head = Math.max(1, ...group.replicas.map(({ last }) => last));
    const least = Math.min(
      ...group.replicas.map(({ last, applied, role }) => (isAbsent(role) ? last : applied)),
    );
    const base = Math.max(0, Math.min(least - spanMin / 4, head - spanMin));
    const down = group.replicas.filter(({ role }) => isAbsent(role) || role === 'failed').length;
    this.#say('#group-state', stateOf(group, down), group.missing === null ? '' : 'bad');
    for (const [id, { item }] of this.#rows) {
      if (group.replicas.some(replica => replica.id === id)) continue;
      item.remove();
      this.#rows.delete(id);
    }
    for (const replica of group.replicas) this.#update(this.#rowOf(replica.id), replica, base, head, busy);
    this.#say('#group-writes', number.format(group.acknowledged));
    if (group.gap !== null) {
      this.#say(
        '#group-gap',
        `${number.format(group.gap.gapMs)} ms without an acknowledged write, before term ${group.gap.term}`,
      );
    }
    if (group.verdict !== null) this.#say('#group-verdict', ...verdictOf(group.verdict));
  }

  #say(selector, text, name = '') {
    const element = this.#section.querySelector(selector);
    element.textContent = text;
    element.className = name;
  }

  #rowOf(id) {
    if (!this.#rows.has(id)) this.#rows.set(id, this.#createRow(id));
    return this.#rows.get(id);
  }

  #createRow(id) {
    const item = made('li', 'replica');
    item.dataset.replica = id;
    const role = made('span', 'role');
    const log = made('span', 'log');
    const parts = Object.fromEntries(['last', 'committed', 'applied'].map(part => [part, made('i', part)]));
    log.append(...Object.values(parts));
    const positions = made('span', 'positions');
    const lag = made('span', 'lag');
    const button = made('button');
    button.type = 'button';
    button.addEventListener('click', () => {
      this.#press('POST', `/v1/nodes/${encodeURIComponent(id)}/${button.dataset.act}`);
    });
    item.append(made('span', 'name', id), role, log, button, positions, lag);
    this.#list.append(item);
    return { item, role, log, parts, positions, lag, button };
  }

  #update({ item, role, log, parts, positions, lag, button }, replica, base, head, busy) {
    const isDown = replica.role === 'down';
    const isGone = isAbsent(replica.role);
    item.dataset.role = replica.role;
    item.style.setProperty('--tint', this.#tintOf(replica.id));
    role.textContent = isGone
      ? roles[replica.role]
      : `${roles[replica.role]}, term ${number.format(replica.term)}`;
    for (const [part, element] of Object.entries(parts)) {
      const at = Math.max(0, Math.min(1, (replica[part] - base) / (head - base)));
      element.style.setProperty('--at', String(at));
    }
    positions.textContent = isGone
      ? `last heard of with entry ${number.format(replica.last)}`
      : `last ${number.format(replica.last)} · committed ${number.format(replica.committed)} · applied ${number.format(replica.applied)}`;
    lag.textContent = lagOf(replica);
    lag.classList.toggle('behind', replica.role !== 'leader' && (replica.lag ?? 0) > 0);
    log.title = `entries ${number.format(Math.round(base))} to ${number.format(head)}; this log begins at ${number.format(replica.first)}, its snapshot is of ${number.format(replica.snapshot)}; ${number.format(replica.keys)} keys`;
    button.dataset.act = isDown ? 'start' : 'kill';
    button.textContent = isDown ? 'Start again' : 'Kill';
    button.title = isDown
      ? `Start ${replica.id} again on its journal; it comes back by itself after 10 seconds`
      : `kill -9 ${replica.id}: the others go on`;
    button.disabled = busy;
  }
}

/** Nothing newer is known of it than when it was last heard of. */
function isAbsent(role) {
  return role === 'down' || role === 'silent';
}

function stateOf(group, down) {
  const size = group.replicas.length;
  if (group.missing !== null) return `${group.missing}. Until then nothing is written or read`;
  const who =
    group.leader === null ? 'Nobody leads' : `${group.leader} leads in term ${number.format(group.term)}`;
  const up = down === 0 ? `all ${size} replicas are up` : `${size - down} of ${size} replicas are up`;
  return `${who}; ${up}, a write needs ${group.majority}`;
}

function lagOf({ role, lag }) {
  if (role === 'leader') return 'the others are measured by it';
  if (lag === null) return 'lag unknown';
  if (lag === 0) return 'has everything';
  return lag === 1 ? '1 entry behind' : `${number.format(lag)} entries behind`;
}

function verdictOf({ verdict, operations, open, detail }) {
  const judged = `${number.format(operations)} operations, ${number.format(open)} of unknown outcome`;
  if (verdict === 'ok') return [`linearizable: ${judged}`, 'good'];
  return [`${verdict}: ${judged}. ${detail}`, 'bad'];
}

function made(name, className = '', text = '') {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}
