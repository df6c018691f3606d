/** The load button: the blog's reads with and without the cache, as figures and as a histogram. */
import { h, svg } from './dom.js';

const counts = new Intl.NumberFormat('en');
const width = 720;
const height = 260;
const edge = { left: 52, right: 12, top: 14, bottom: 44 };

export function loadView(api) {
  // It would lie over the picture, and a run is one request.
  document.querySelector('.requests details').open = false;
  const result = h('div', { id: 'load-result', 'aria-live': 'polite' },
    h('p', { class: 'hint' }, 'Nothing has been run yet.'));
  const reads = h('select', { id: 'reads', name: 'reads' },
    [1000, 2000, 5000, 20000].map(n => h('option', { value: n, selected: n === 2000 }, counts.format(n))));
  const button = h('button', { type: 'submit', class: 'primary' }, 'Run');
  const form = h('form', { class: 'panel load', onsubmit: run },
    h('p', {}, 'Four visitors read pages of the feed, what is trending, and posts. Each read is made twice: marked ',
      h('code', {}, '.Cacheable()'), ', and plain. Write a post meanwhile, in another window: no answer is older than your write.'),
    h('div', { class: 'actions' }, h('label', { for: 'reads' }, 'Reads', reads), button));
  return [form, result];

  async function run(event) {
    event.preventDefault();
    button.disabled = true;
    result.setAttribute('aria-busy', 'true');
    result.replaceChildren(h('p', { class: 'hint' }, `Running ${counts.format(reads.value)} reads, each twice …`));
    try {
      result.replaceChildren(...report(await api('/load', 'POST', { reads: Number(reads.value) })));
    } catch (error) {
      result.replaceChildren(h('p', { class: 'error' }, error.message));
    } finally {
      result.setAttribute('aria-busy', 'false');
      button.disabled = false;
    }
  }
}

function report({ bounds, cached, database }) {
  const hits = (cached.fromMemory + cached.fromShared) / cached.reads;
  return [
    h('dl', { class: 'figures' },
      figure('Hit rate', `${(100 * hits).toFixed(1)} %`, `${counts.format(cached.fromMemory)} from memory, ${counts.format(cached.fromShared)} from Redis`),
      figure('Median', `${(database.median / cached.median).toFixed(1)} × faster`, `${time(cached.median)} instead of ${time(database.median)}`),
      figure('99 of 100 reads', `${(database.p99 / cached.p99).toFixed(1)} × faster`, `within ${time(cached.p99)} instead of ${time(database.p99)}`)),
    h('figure', { class: 'plot' },
      h('figcaption', {}, 'Reads by the time they took', h('span', { class: 'key cached' }, 'with the cache'), h('span', { class: 'key database' }, 'without')),
      histogram(bounds, cached, database)),
  ];
}

const figure = (name, value, details) => h('div', {}, h('dt', {}, name), h('dd', {}, value), h('dd', { class: 'hint' }, details));

function time(ms) {
  return ms < 1 ? `${Math.round(1000 * ms)} µs` : `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;
}

/** Two columns for each class of times; the classes grow 1, 2, 5, so that microseconds and milliseconds have room in one picture. */
function histogram(bounds, cached, database) {
  const used = cached.histogram.map((count, i) => count + database.histogram[i] > 0);
  const first = used.indexOf(true);
  const last = used.lastIndexOf(true);
  const classes = bounds.length + 1;
  const shown = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const most = Math.max(...cached.histogram, ...database.histogram);
  const step = (width - edge.left - edge.right) / shown.length;
  const scale = (height - edge.top - edge.bottom) / most;
  const bottom = height - edge.bottom;
  const name = i => (i === classes - 1 ? `> ${time(bounds[i - 1])}` : `≤ ${time(bounds[i])}`);

  const lines = [0, 0.5, 1].map(part => {
    const y = bottom - part * most * scale;
    return [
      svg('line', { class: 'grid', x1: edge.left, x2: width - edge.right, y1: y, y2: y }),
      svg('text', { x: edge.left - 8, y: y + 4, 'text-anchor': 'end' }, counts.format(Math.round(part * most))),
    ];
  });
  const columns = shown.flatMap((i, at) => [[cached, 'cached', 0], [database, 'database', 1]].map(([side, kind, half]) => {
    const tall = side.histogram[i] * scale;
    const bar = svg('rect', {
      class: kind, x: edge.left + step * (at + 0.1 + 0.4 * half), y: bottom - tall, width: step * 0.4 - 1, height: tall, rx: 2,
    });
    bar.append(svg('title', {}, `${name(i)}: ${counts.format(side.histogram[i])} reads ${kind === 'cached' ? 'with the cache' : 'without'}`));
    return bar;
  }));
  const labels = shown.map((i, at) => svg('text', { x: edge.left + step * (at + 0.5), y: bottom + 18, 'text-anchor': 'middle' }, name(i)));
  return svg('svg', {
    viewBox: `0 0 ${width} ${height}`, role: 'img',
    'aria-label': `Histogram: with the cache half of the reads took at most ${time(cached.median)}, without it ${time(database.median)}`,
  }, lines.flat(), columns, labels, svg('text', { x: edge.left, y: height - 6 }, 'reads; time of each, with its scope and context'));
}
