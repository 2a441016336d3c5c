import { ReplicaPanel } from '/replica-panel.js';
import { RingPicture } from '/ring-picture.js';
import { readEvents } from '/server-events.js';

const retryMs = 1500;
const tapeMax = 200;
const tokenName = 'quorate-demo-token';

const byId = id => document.getElementById(id);
const number = new Intl.NumberFormat('en-US');
const percent = fraction => `${(fraction * 100).toFixed(1)} %`;

const token = takeToken();
const picture = new RingPicture(byId('ring'));
const colours = new Map();
const cards = new Map();
const replicas = new ReplicaPanel(byId('group'), tintOf, (method, path) => void press(method, path));
let hosts = new Set();
let lastSequence = 0;

/** The token comes in the fragment, which no server ever sees, and is taken out of the address at once. */
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    sessionStorage.setItem(tokenName, given);
    history.replaceState(null, '', location.pathname);
  }
  return given ?? sessionStorage.getItem(tokenName) ?? '';
}

/** A colour that no living node has, and the same one for as long as the node lives. */
function colourOf(id) {
  if (!colours.has(id)) {
    const taken = new Set(colours.values());
    const free = Array.from({ length: 10 }, (_, colour) => colour).find(colour => !taken.has(colour));
    colours.set(id, free ?? colours.size % 10);
  }
  return colours.get(id);
}

function tintOf(id) {
  return `var(--node-${colourOf(id)})`;
}

function onEvent(event, data) {
  if (document.body.dataset.connected !== 'yes') byId('health').textContent = 'The nodes are starting';
  byId('disconnected').hidden = true;
  document.body.dataset.connected = 'yes';
  if (event === 'tape') showTape(data);
  else if (event === 'ring') showRing(data);
  else if (event === 'state') showState(data);
}

function showRing(ring) {
  const named = new Set([...ring.nodes, ...ring.moved.map(({ to }) => to), ...hosts]);
  for (const id of colours.keys()) if (!named.has(id) && !cards.has(id)) colours.delete(id);
  picture.draw(ring, tintOf);
}

function showState(state) {
  const moving = state.nodes.reduce((sum, node) => sum + node.outboxKeys, 0);
  const serving = state.nodes.filter(node => node.state === 'serving').length;
  const settled = state.settled
    ? 'settled'
    : moving > 0
      ? `${number.format(moving)} keys on their way`
      : 'settling';
  const held = state.nodes.reduce((sum, node) => sum + node.keys + node.outboxKeys, 0);
  const isPartial = state.nodes.some(node => node.state === 'silent');
  picture.say(number.format(held), [
    isPartial ? 'held by those that answer' : 'keys held',
    `view ${state.epoch}, ${settled}`,
  ]);
  byId('health').textContent =
    `${serving} of ${state.nodes.length} nodes serving, view ${state.epoch}, ${settled}` +
    (state.busy === null ? '' : `. ${state.busy} is under way`);
  const busy = state.busy !== null;
  hosts = new Set(state.replication?.replicas.map(({ id }) => id));
  showNodes(state);
  showFacts(state);
  replicas.show(state.replication, busy);
  byId('add').disabled = busy;
  byId('cancel').hidden = !state.cancellable;
  // A node that hosts a replica can go where another could host it in its stead.
  const hasHeir = state.nodes.some(({ id }) => !hosts.has(id));
  for (const card of cards.values()) {
    const [remove, kill] = card.buttons;
    kill.disabled = busy || serving < 2;
    const id = card.item.dataset.node;
    const isBound = hosts.has(id) && !hasHeir;
    remove.disabled = kill.disabled || isBound;
    remove.title = isBound
      ? `${id} hosts a replica, and no other node could take its place: add a node first`
      : `Remove ${id}: it hands its keys over first`;
  }
}

function showNodes(state) {
  const living = new Set(state.nodes.map(node => node.id));
  for (const [id, card] of cards) {
    if (living.has(id)) continue;
    card.item.remove();
    cards.delete(id);
  }
  for (const [index, node] of state.nodes.entries()) {
    if (!cards.has(node.id)) cards.set(node.id, createCard(node.id));
    const card = cards.get(node.id);
    const there = byId('nodes').children[index];
    if (there !== card.item) byId('nodes').insertBefore(card.item, there ?? null);
    updateCard(card, node);
  }
}

function createCard(id) {
  const item = made('li', 'node');
  item.style.setProperty('--tint', tintOf(id));
  item.dataset.node = id;
  const name = made('span', 'name', id);
  const numbers = made('span', 'numbers');
  const share = made('span', 'share');
  share.title = 'Share of the ring, and what equal parts would be (the mark on the bar)';
  const state = made('span', 'state');
  const bar = made('span', 'bar');
  bar.append(made('i'), made('b'));
  const buttons = made('span', 'buttons');
  const remove = action('Remove', `Remove ${id}: it hands its keys over first`, () =>
    press('DELETE', `/v1/nodes/${encodeURIComponent(id)}`),
  );
  const kill = action('Kill', `kill -9 ${id}: its keys are lost`, () =>
    press('POST', `/v1/nodes/${encodeURIComponent(id)}/kill`),
  );
  buttons.append(remove, kill);
  item.append(name, numbers, share, buttons, state, bar);
  return { item, numbers, share, state, bar, buttons: [remove, kill] };
}

function updateCard(card, node) {
  const rate = number.format(Math.round(node.requestsPerSecond));
  const isSilent = node.state === 'silent';
  card.numbers.textContent = isSilent
    ? 'does not answer'
    : `${number.format(node.keys)} keys · ${rate} requests/s`;
  card.share.textContent =
    node.ideal === 0 ? 'owns nothing' : `${percent(node.share)}, ideal ${percent(node.ideal)}`;
  const memory = isSilent ? '' : `, ${number.format(Math.round(node.rssBytes / 2 ** 20))} MiB`;
  card.numbers.title = `process ${node.pid}${memory}`;
  card.state.textContent = node.openSources.length > 0 ? 'taking over' : node.state;
  card.bar.style.setProperty('--share', String(node.share));
  card.bar.style.setProperty('--ideal', String(node.ideal));
}

function showFacts({ plan, check, traffic }) {
  if (plan !== null) {
    byId('moved').textContent =
      `${percent(plan.space)} of the ring (${percent(plan.minimum)} if it were perfectly balanced), ` +
      `${number.format(plan.keys)} keys; ${percent(plan.unnecessary)} between untouched nodes`;
  }
  if (check !== null) {
    const broken = check.lost + check.stale + check.wrong + check.unreadable;
    const died = check.died === 0 ? '' : `, ${number.format(check.died)} lost with nodes that died`;
    const verdict =
      broken === 0
        ? `none ${check.died === 0 ? '' : 'else '}lost, none stale`
        : `${number.format(broken)} lost, stale, wrong or unreadable`;
    const at = new Date(check.wallMs).toLocaleTimeString('en-GB');
    byId('check').textContent =
      `${at}: ${number.format(check.ok)} of ${number.format(check.read)} right${died}; ${verdict}`;
    byId('check').className = broken === 0 ? 'good' : 'bad';
  }
  if (traffic !== null) {
    byId('traffic').textContent =
      `${number.format(traffic.reads)} reads, ${number.format(traffic.writes)} writes, ${number.format(traffic.deletes)} deletes; ` +
      `slowest ${number.format(traffic.slowestMs)} ms, ${number.format(traffic.violations)} wrong answers`;
  }
}

function showTape(entries) {
  const tape = byId('tape');
  for (const { sequence, wallMs, kind, text } of entries) {
    if (sequence <= lastSequence) continue;
    lastSequence = sequence;
    const item = made('li', kind);
    item.append(made('time', '', new Date(wallMs).toLocaleTimeString('en-GB')), made('span', '', text));
    tape.prepend(item);
  }
  while (tape.children.length > tapeMax) tape.lastChild.remove();
}

async function call(method, path) {
  const response = await fetch(path, { method, headers: { authorization: `Bearer ${token}` } });
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail);
  return body;
}

async function press(method, path) {
  const refusal = byId('refusal');
  refusal.hidden = true;
  try {
    await call(method, path);
  } catch (error) {
    refusal.textContent = error.message;
    refusal.hidden = false;
  }
}

async function lookUp() {
  const found = byId('found');
  try {
    const answer = await call('GET', `/v1/locate?${new URLSearchParams({ key: byId('key').value })}`);
    const value = answer.value === null ? 'has no value' : `holds ${JSON.stringify(answer.value)}`;
    found.textContent = `${answer.owner} owns it and ${value} (asked ${answer.asked})`;
    picture.point(answer.position);
  } catch (error) {
    found.textContent = error.message;
  }
}

function made(name, className = '', text = '') {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

function action(text, title, onClick) {
  const button = made('button', '', text);
  button.type = 'button';
  button.title = title;
  button.disabled = true;
  button.addEventListener('click', onClick);
  return button;
}

async function stayConnected() {
  for (;;) {
    const why = await readEvents('/v1/events', token, onEvent);
    document.body.dataset.connected = 'no';
    byId('disconnected').textContent = why;
    byId('disconnected').hidden = false;
    byId('health').textContent = 'Not connected';
    for (const button of document.querySelectorAll('header button, .node button, .replica button'))
      button.disabled = true;
    await new Promise(resolve => setTimeout(resolve, retryMs));
  }
}

byId('add').addEventListener('click', () => void press('POST', '/v1/nodes'));
byId('cancel').addEventListener('click', () => void press('DELETE', '/v1/change'));
byId('lookup').addEventListener('submit', event => {
  event.preventDefault();
  void lookUp();
});
// The address of another run, opened in this tab, differs in the fragment alone where the port is the same.
addEventListener('hashchange', () => {
  if (location.hash.includes('token=')) location.reload();
});
void stayConnected();
