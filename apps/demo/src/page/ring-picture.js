const namespace = 'http://www.w3.org/2000/svg';
const ringRadius = 162;
const movedRadius = 196;

/** The ring as SVG: one path per owner, however many arcs it has. */
export class RingPicture {
  #svg;
  #arcs = element('g');
  #moved = element('g');
  #needle = element('line', { class: 'needle', visibility: 'hidden' });
  #title = element('text', { class: 'big', y: '-8' });
  #lines = [element('text', { class: 'small', y: '20' }), element('text', { class: 'small', y: '42' })];

  constructor(svg) {
    this.#svg = svg;
    const track = element('circle', { class: 'track', r: String(movedRadius) });
    svg.append(track, this.#arcs, this.#moved, this.#needle, this.#title, ...this.#lines);
  }

  /** Draws who owns what, and what the last change moved. */
  draw(ring, tintOf) {
    const paths = new Map(ring.nodes.map(id => [id, '']));
    let slot = 0;
    for (const [owner, length] of ring.runs) {
      const id = ring.nodes[owner];
      paths.set(id, paths.get(id) + arc(ringRadius, slot / ring.slots, (slot + length) / ring.slots));
      slot += length;
    }
    this.#arcs.replaceChildren(...toPaths(paths, 'arc', tintOf));
    const moved = new Map();
    for (const { start, end, to } of ring.moved) {
      moved.set(to, (moved.get(to) ?? '') + arc(movedRadius, start, end > start ? end : end + 1));
    }
    this.#moved.replaceChildren(...toPaths(moved, 'moved', tintOf));
    this.#svg.dataset.epoch = String(ring.epoch);
  }

  /** What stands in the middle. */
  say(title, lines) {
    this.#title.textContent = title;
    for (const [index, line] of this.#lines.entries()) line.textContent = lines[index] ?? '';
  }

  /** Points at a position, a fraction of the ring. */
  point(position) {
    const [x1, y1] = at(ringRadius - 30, position);
    const [x2, y2] = at(movedRadius + 12, position);
    for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) this.#needle.setAttribute(name, value);
    this.#needle.setAttribute('visibility', 'visible');
  }
}

function toPaths(paths, name, tintOf) {
  return [...paths].map(([id, d]) => {
    const path = element('path', { d, class: name, 'data-node': id });
    path.style.setProperty('--tint', tintOf(id));
    return path;
  });
}

function arc(radius, start, end) {
  const [x1, y1] = at(radius, start);
  // A whole turn would begin where it ends, and SVG draws nothing then.
  const [x2, y2] = at(radius, Math.min(end, start + 0.9999));
  return `M${x1} ${y1}A${radius} ${radius} 0 ${end - start > 0.5 ? 1 : 0} 1 ${x2} ${y2}`;
}

/** Position 0 is at the top, and the ring runs clockwise. */
function at(radius, position) {
  const angle = position * 2 * Math.PI;
  return [(radius * Math.sin(angle)).toFixed(2), (-radius * Math.cos(angle)).toFixed(2)];
}

function element(name, attributes = {}) {
  const made = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
