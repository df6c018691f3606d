import { Chart, el } from './chart.js';

const $ = id => document.getElementById(id);
const main = $('main');
const KEEP = 15 * 60 * 1000;
const MOST_CHANGES = 200;

let context = new URLSearchParams(location.search).get('context') ?? '';
let minutes = 5;
let points = [];
let state = null;
let queries = [];
let letters = [];
let isLate = false;
let skew = 0; // the server's clock before this one, in milliseconds

// Figures as text.
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const count = value => Math.abs(value) < 10_000 ? number.format(value) : short.format(value).toLowerCase();
const rate = value => value === 0 ? '0' : value < 10 ? String(+value.toFixed(1)) : count(value);
const percent = value => value === null ? '–' : `${+(value * 100).toFixed(1)} %`;
const bytes = value => {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let at = 0;
  while (Math.abs(value) >= 1000 && at < 4) { value /= 1024; at++; }
  return `${at === 0 || value >= 100 ? Math.round(value) : +value.toFixed(1)} ${units[at]}`;
};
const millis = value => value === null || value === undefined ? '–'
  : value === 0 ? '0 ms'
  : value < .9995 ? `${+(value * 1000).toPrecision(3)} µs`
  : value < 999.5 ? `${+value.toPrecision(3)} ms`
  : value < 120_000 ? `${+(value / 1000).toPrecision(3)} s`
  : value < 7_200_000 ? `${+(value / 60_000).toPrecision(3)} min`
  : value < 172_800_000 ? `${+(value / 3_600_000).toPrecision(3)} h` : `${+(value / 86_400_000).toPrecision(3)} d`;
const micros = value => millis(value / 1000);
const clock = at => new Date(at).toLocaleTimeString('en-GB');
const seconds = value => value === null || value === undefined ? '–' : millis(value * 1000);

// Requests.
const address = (path, parameters = {}) => {
  const query = new URLSearchParams({ ...(context ? { context } : {}), ...parameters });
  return `api/${path}${query.size ? `?${query}` : ''}`;
};

async function get(path, parameters) {
  const answer = await fetch(address(path, parameters), { signal: AbortSignal.timeout(10_000), headers: { 'X-FraiseQL': '1' } });
  if (!answer.ok) throw Object.assign(new Error(`${answer.status}`), { status: answer.status });
  return answer.json();
}

async function post(action, body) {
  try {
    const answer = await fetch(`api/${action}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-FraiseQL': '1' },
      body: JSON.stringify({ context: context || null, ...body }),
    });
    const result = await answer.json().catch(() => null);
    return result ?? { done: false, message: `The server answered ${answer.status}.` };
  } catch {
    return { done: false, message: 'The server did not answer; it is not known whether it was done.' };
  }
}

// Plots.
const column = key => point => point[key] ?? null;
const series = (key, name, color, dashed) => ({ key, name, color, dashed, of: column(key) });
let charts = {};

function makeCharts() {
  const parent = $('charts');
  parent.replaceChildren();
  charts = {
    hit: new Chart(parent, { title: 'Hit rate', series: [series('hitRatio', 'answered by a cache', 'blue')], format: percent, max: 1, empty: 'No cacheable query ran in this time.' }),
    requests: new Chart(parent, {
      title: 'Requests per second', stacked: true, format: rate,
      series: [series('l1', 'memory', 'blue'), series('l2', 'shared', 'teal'), series('stale', 'stale', 'gray'), series('miss', 'miss', 'amber'), series('bypass', 'bypass', 'red')],
    }),
    latency: new Chart(parent, {
      title: 'Latency, median and p99', log: true, format: micros, empty: 'No query was timed in this time.',
      series: [
        { ...series('l1P50', 'memory', 'blue') }, { ...series('l1P99', 'p99', 'blue', true) },
        { ...series('l2P50', 'shared', 'teal') }, { ...series('l2P99', 'p99', 'teal', true) },
        { ...series('missP50', 'database', 'amber') }, { ...series('missP99', 'p99', 'amber', true) },
      ],
    }),
    changes: new Chart(parent, {
      title: 'Changes per second', format: rate,
      series: [series('changes', 'events read from the log', 'teal'), series('invalidations', 'invalidations', 'blue', true)],
    }),
    lag: new Chart(parent, { title: 'Listener lag', series: [series('lag', 'since the log was read to its end', 'teal')], format: millis, empty: 'The listener has not heard from the database yet.' }),
    waiting: new Chart(parent, { title: 'Backlog', whole: true, series: [series('waiting', 'events waiting for handlers', 'amber')], format: count, empty: 'The database did not say.' }),
    parked: new Chart(parent, { title: 'Dead letters', whole: true, series: [series('parked', 'parked events', 'red')], format: count, empty: 'The database did not say.' }),
    bytes: new Chart(parent, { title: 'Memory of L1', base: 1024, series: [series('bytes', 'results', 'blue')], format: bytes }),
    entries: new Chart(parent, { title: 'Entries in L1', whole: true, series: [series('entries', 'results', 'blue')], format: count }),
    shared: new Chart(parent, {
      title: 'L2 operations per second', format: rate,
      series: [series('sharedReads', 'reads', 'teal'), series('sharedWrites', 'writes', 'blue'), series('sharedErrors', 'errors', 'red')],
    }),
    consistency: new Chart(parent, { title: 'Consistency', min: .99, max: 1, series: [series('consistency', 'checked hits that were right', 'teal')], format: value => `${+(value * 100).toFixed(2)} %`, empty: 'No hit is checked: Consistency:CheckRate is 0.' }),
  };
  parent.append(el('article', { class: 'chart', id: 'health', hidden: '' }, el('h2', { text: 'Health and warm-up' }), el('ul', { class: 'checks', id: 'checks' }), el('ul', { class: 'checks', id: 'warmups' })));
}

function drawCharts() {
  // As long as there is less, the plots show what there is, and a minute at least.
  const to = Date.now() + skew;
  const from = Math.max(to - minutes * 60_000, Math.min(points[0]?.at ?? to, to - 60_000));
  for (const [name, chart] of Object.entries(charts)) {
    const note = name === 'shared' && state && !state.shared ? 'There is no shared level: AddRedis(…) or AddMemcached(…) adds one.'
      : name === 'lag' && state && !state.listener.enabled ? 'The listener is off: Cdc:Enabled.' : undefined;
    chart.show(note ? [] : points, from, to, note);
  }
}

// Tiles.
const tiles = {};
function tile(key, label) {
  const value = el('div', { class: 'value', text: '–' });
  const note = el('div', { class: 'note', text: ' ' });
  const card = el('div', { class: 'tile', id: `tile-${key}` }, el('div', { class: 'label', text: label }), value, note);
  $('tiles').append(card);
  tiles[key] = (text, unit, remark, tone = '') => {
    value.replaceChildren(text, ...(unit ? [el('small', { text: unit })] : []));
    note.textContent = remark || ' ';
    note.title = remark ?? '';
    card.dataset.tone = tone;
  };
}

function drawTiles() {
  if (!state) return;
  const recent = points.filter(p => p.at > Date.now() + skew - 60_000);
  const sum = key => recent.reduce((total, p) => total + (p[key] ?? 0), 0);
  const hits = sum('l1') + sum('l2') + sum('stale');
  const all = hits + sum('miss') + sum('bypass');
  const last = points.at(-1);
  const { listener, memory, groups } = state;
  tiles.hit(all === 0 ? '–' : (100 * hits / all).toFixed(1), all === 0 ? '' : '%', `${percent(memory.hitRatio)} since the start`);
  tiles.requests(last ? rate(last.l1 + last.l2 + last.stale + last.miss + last.bypass) : '–', '/s', `${count(memory.l1Hits + memory.l2Hits + memory.staleHits + memory.misses + memory.bypasses)} since the start`);
  const [lagValue, lagUnit] = listener.lag === null ? ['–', ''] : millis(listener.lag).split(' ');
  tiles.lag(listener.enabled ? lagValue : 'off', listener.enabled ? lagUnit : '',
    !listener.enabled ? 'Cdc:Enabled is off' : listener.problems.length ? listener.problems[0] : listener.connected ? 'connected' : 'not connected',
    !listener.enabled ? '' : listener.problems.length ? 'warn' : listener.connected ? '' : 'bad');
  const waiting = groups.reduce((total, g) => total + g.waiting, 0);
  const paused = groups.filter(g => g.isPaused).length;
  tiles.waiting(state.groupsError ? '–' : count(waiting), '', state.groupsError ? `unknown: ${state.groupsError}` : paused ? `${paused} paused of ${groups.length} groups` : `${groups.length} ${groups.length === 1 ? 'group' : 'groups'}`, paused || state.groupsError ? 'warn' : '');
  const parked = groups.reduce((total, g) => total + g.parked, 0);
  tiles.parked(state.groupsError ? '–' : count(parked), '', parked ? 'wait for a decision' : 'nothing is parked', parked ? 'bad' : '');
  const [memoryValue, memoryUnit] = bytes(memory.bytes).split(' ');
  tiles.memory(memoryValue, memoryUnit, `${count(memory.entries)} entries, of ${bytes(memory.maxBytes)}`);
}

// Queries.
const columns = [
  { key: 'name', label: 'Query', of: q => title(q).toLowerCase(), ascending: true },
  { key: 'requests', label: 'Requests', of: q => q.requests, text: q => count(q.requests) },
  { key: 'hits', label: 'Hits', of: q => q.l1Hits + q.l2Hits + q.staleHits, text: q => count(q.l1Hits + q.l2Hits + q.staleHits) },
  { key: 'misses', label: 'Misses', of: q => q.misses, text: q => count(q.misses) },
  { key: 'bypasses', label: 'Bypasses', of: q => q.bypasses, text: q => count(q.bypasses) },
  { key: 'hitRatio', label: 'Hit ratio', of: q => q.hitRatio },
  { key: 'bytes', label: 'Memory', of: q => q.bytes, text: q => bytes(q.bytes) },
  { key: 'averageMiss', label: 'Miss takes', of: q => q.averageMiss ?? -1, text: q => millis(q.averageMiss) },
  { key: 'averageAgeAtChange', label: 'Age at change', of: q => q.averageAgeAtChange ?? -1, text: q => millis(q.averageAgeAtChange) },
  { key: 'ttl', label: 'TTL', of: q => q.ttl ?? -1, text: q => seconds(q.ttl) },
  { key: 'suggestedTtl', label: 'Suggested', of: q => q.suggestedTtl ?? -1 },
];
let sort = { key: 'requests', ascending: false };

function makeQueryHead() {
  $('queries-head').replaceChildren(...columns.map(c => el('th', { scope: 'col', class: c.key === 'name' ? '' : 'number', 'data-key': c.key },
    el('button', { type: 'button', text: c.label, on: { click: () => sortBy(c.key) } }))), el('th', { scope: 'col' }, el('span', { class: 'unseen', text: 'Details' })));
  $('sort').replaceChildren(...columns.map(c => el('option', { value: c.key, text: c.label })));
  $('sort').addEventListener('change', event => sortBy(event.target.value, true));
}

function sortBy(key, keep) {
  const wanted = columns.find(c => c.key === key);
  sort = { key, ascending: sort.key === key && !keep ? !sort.ascending : !!wanted.ascending };
  drawQueries();
}

// What says most about a query without a name: where it reads from.
function title(query) {
  if (query.name) return query.name;
  const text = query.text ?? 'All other queries';
  const from = text.indexOf(' FROM ');
  return from < 0 ? text : text.slice(from + 1);
}

const cell = (label, text, extra = '') => el('td', { class: `number ${extra}`, 'data-label': label, text });

function queryRow(query) {
  const track = el('i');
  track.style.width = `${100 * query.hitRatio}%`;
  const ratio = el('span', { class: 'ratio' }, el('span', { class: 'track' }, track), el('span', { text: percent(query.hitRatio) }));
  const suggested = query.suggestedTtl === null ? el('span', { class: 'soft', text: '–' })
    : query.suggestedTtl === query.ttl ? el('span', { class: 'chip', text: 'fits' })
    : el('span', { class: 'chip', 'data-tone': 'blue', text: seconds(query.suggestedTtl) });
  return el('tr', { 'data-id': query.id, on: { click: () => openQuery(query.id) } },
    ...columns.map(c => c.key === 'name'
      ? el('td', { class: 'query' }, el('span', { class: query.name ? 'name' : 'name mono', text: title(query), title: title(query) }), query.name && query.text ? el('span', { class: 'sql mono', text: query.text }) : null)
      : c.key === 'hitRatio' ? el('td', { class: 'number', 'data-label': c.label }, ratio)
      : c.key === 'suggestedTtl' ? el('td', { class: 'number', 'data-label': c.label, title: query.advice }, suggested)
      : cell(c.label, c.text(query))),
    el('td', { class: 'buttons' }, el('button', { type: 'button', class: 'quiet', text: 'Explain', 'aria-label': `Explain ${title(query)}`, on: { click: event => { event.stopPropagation(); openQuery(query.id); } } })));
}

function drawQueries() {
  const by = columns.find(c => c.key === sort.key);
  const order = [...queries].sort((a, b) => {
    const [x, y] = [by.of(a), by.of(b)];
    return (x < y ? -1 : x > y ? 1 : 0) * (sort.ascending ? 1 : -1) || b.requests - a.requests || (a.id < b.id ? -1 : 1);
  });
  for (const head of $('queries-head').querySelectorAll('th[data-key]')) {
    if (head.dataset.key === sort.key) head.setAttribute('aria-sort', sort.ascending ? 'ascending' : 'descending');
    else head.removeAttribute('aria-sort');
  }
  $('sort').value = sort.key;
  replaceRows($('queries-body'), order.map(queryRow));
  $('queries-table').hidden = queries.length === 0;
  $('queries-empty').hidden = queries.length > 0;
  $('queries-empty').textContent = 'No cacheable query has run on this node yet. Queries with .Cacheable() appear here after their first execution.';
  $('queries-count').textContent = queries.length ? number.format(queries.length) : '';
}

// Whoever has the focus in a row keeps it.
function replaceRows(body, rows) {
  const active = document.activeElement;
  const row = body.contains(active) ? active.closest('tr') : null;
  const place = row ? [...row.querySelectorAll('button')].indexOf(active) : -1;
  body.replaceChildren(...rows);
  if (row) [...body.rows].find(r => r.dataset.id === row.dataset.id)?.querySelectorAll('button')[place]?.focus();
}

// The drawer.
async function openQuery(id) {
  let answer;
  try {
    answer = await get(`queries/${encodeURIComponent(id)}/explain`);
  } catch {
    say('The server did not explain this query. Try again when it answers.');
    return;
  }
  const q = answer.query;
  const figure = (label, value) => el('div', {}, el('span', { text: label }), el('b', { text: value }));
  $('drawer-title').textContent = title(q);
  const reasons = Object.entries(q.bypassReasons);
  $('drawer-body').replaceChildren(
    el('h3', { text: 'Since the start' }),
    el('div', { class: 'figures' },
      figure('Hits in memory', count(q.l1Hits)), figure('Hits in L2', count(q.l2Hits)), figure('Misses', count(q.misses)), figure('Bypasses', count(q.bypasses)),
      figure('Hit takes', millis(q.averageHit)), figure('Miss takes', millis(q.averageMiss)), figure('Entries', count(q.entries)), figure('Memory', bytes(q.bytes)),
      figure('Ended by change', count(q.endedByChange)), figure('Ended by time', count(q.expired)), figure('Age at change', millis(q.averageAgeAtChange)), figure('Half before', millis(q.medianAgeAtChange))),
    el('p', { class: 'advice', id: 'advice' }, el('b', { text: q.suggestedTtl === null || q.suggestedTtl === q.ttl ? `TTL ${seconds(q.ttl)}. ` : `TTL ${seconds(q.ttl)}, suggested ${seconds(q.suggestedTtl)}. ` }), q.advice),
    ...(reasons.length ? [el('h3', { text: 'Not cached because' }), el('dl', {}, ...reasons.flatMap(([reason, times]) => [el('dt', { text: `${count(times)} ×` }), el('dd', { class: 'mono', text: reason })]))] : []),
    el('h3', { text: 'EXPLAIN' }),
    answer.lines.length
      ? el('dl', { id: 'explain' }, ...answer.lines.flatMap((line, i) => [el('dt', { text: i && answer.lines[i - 1].name === line.name ? ' ' : line.name }), el('dd', { class: 'mono', text: line.value })]))
      : el('p', { class: 'soft', text: 'EF has not kept this query: it is explained after its next execution.' }),
    ...(q.text ? [el('h3', { text: 'SQL, without values' }), el('pre', { text: q.text })] : []),
    ...(q.name && state?.allowsActions ? [el('p', {}, el('button', { type: 'button', text: 'Invalidate this query…', on: { click: () => askInvalidate('query', q.name) } }))] : []));
  if (!$('drawer').open) $('drawer').showModal();
  $('drawer').scrollTop = 0;
}

// Groups and dead letters.
function drawGroups() {
  const { groups, groupsError, allowsActions } = state;
  $('groups-table').hidden = groups.length === 0;
  $('groups-empty').hidden = groups.length > 0;
  $('groups-empty').textContent = groupsError
    ? `The database did not answer (${groupsError}). Trying again.`
    : 'No group of handlers has run on this database. AddHandler<T>() and OnEvent<T>(…) make one.';
  replaceRows($('groups-body'), groups.map(g => el('tr', { 'data-id': g.name },
    el('td', { class: 'break' }, g.name, ' ', g.isPaused ? el('span', { class: 'chip', 'data-tone': 'warn', text: 'paused' }) : g.isExpired ? el('span', { class: 'chip', 'data-tone': 'bad', text: 'lost events' }) : null),
    el('td', { class: 'break whole', 'data-label': 'Runs on', text: g.isPaused ? '–' : g.node ?? 'no node' }),
    cell('Waiting', g.waiting >= 10_000 ? '10k+' : count(g.waiting)),
    cell('Parked', count(g.parked)),
    el('td', { class: 'buttons' }, allowsActions ? el('button', { type: 'button', class: 'quiet', text: g.isPaused ? 'Resume…' : 'Pause…', on: { click: () => askSwitch(g) } }) : null))));
}

function drawLetters(total) {
  $('letters-table').hidden = letters.length === 0;
  $('letters-empty').hidden = letters.length > 0;
  $('letters-empty').textContent = 'No event is parked: every handler has done its work.';
  $('letters-count').textContent = total ? (total > letters.length ? `${number.format(letters.length)} of ${number.format(total)}` : number.format(total)) : '';
  $('retry-all').hidden = letters.length === 0 || !state?.allowsActions;
  replaceRows($('letters-body'), letters.map(l => el('tr', { 'data-id': `${l.group} ${l.seq}` },
    el('td', { class: 'break' }, el('b', { text: l.entity }), ` ${l.key ?? ''} `, el('span', { class: 'soft', text: `#${l.seq}, ${l.group}` })),
    el('td', { class: 'break whole mono', 'data-label': 'Error', title: l.error ?? '', text: state?.showsPayloads ? l.error ?? '' : (l.error ?? '').split('.').at(-1) }),
    cell('Attempts', l.attempts ? String(l.attempts) : 'waits'),
    el('td', { class: 'number', 'data-label': 'Parked', text: clock(l.parkedAt) }),
    el('td', { class: 'buttons' }, l.isRetryRequested ? el('span', { class: 'chip', text: 'retrying' })
      : state?.allowsActions ? el('span', { class: 'pair' },
        el('button', { type: 'button', class: 'quiet', text: 'Retry…', 'aria-label': `Retry event ${l.seq}`, on: { click: () => askLetter('retry', l) } }),
        el('button', { type: 'button', class: 'quiet', text: 'Skip…', 'aria-label': `Skip event ${l.seq}`, on: { click: () => askLetter('skip', l) } })) : null))));
}

function drawHealth() {
  const panel = $('health');
  panel.hidden = !state.health && state.warmups.length === 0;
  const tone = { Healthy: 'good', Degraded: 'warn', Unhealthy: 'bad' };
  const warm = { Done: 'good', Pending: 'warn', Running: 'warn', Failed: 'bad', TimedOut: 'bad', NotCached: 'bad' };
  $('warmups').replaceChildren(...state.warmups.map(w => el('li', { 'data-tone': warm[w.state] ?? '' },
    el('span', { class: 'name', text: w.name }), el('span', { text: w.state === 'Done' ? millis(w.milliseconds) : w.state }), w.error ? el('span', { class: 'detail', text: w.error }) : null)));
  $('checks').replaceChildren(...(state.health ?? []).map(h =>
    el('li', { 'data-tone': tone[h.status] ?? '' }, el('span', { class: 'name', text: h.name }), el('span', { text: h.status }), h.description ? el('span', { class: 'detail', text: h.description }) : null)));
}

// Live changes.
let source = null;
let isHeld = false;
let held = 0;
let seen = 0;
const tones = { created: 'good', updated: 'blue', deleted: 'bad', truncated: 'warn' };

function listen() {
  source?.close();
  source = new EventSource(address('events'));
  source.addEventListener('change', message => addChange(JSON.parse(message.data)));
  source.addEventListener('dropped', message => addLine(`and ${number.format(JSON.parse(message.data).count)} more, too many to show`));
  source.addEventListener('reset', () => addLine('Changes may have been missed here.'));
}

function addChange(change) {
  seen++;
  const kind = change.kind.toLowerCase();
  add(el('li', { class: 'new' }, el('span', { class: 'soft', text: clock(change.at) }), el('span', {}, el('span', { class: 'chip', 'data-tone': tones[kind] ?? '', text: kind })),
    el('span', { class: 'type' }, change.type, ' ', el('span', { class: 'soft', text: change.entityId ?? change.entity })), el('span', { class: 'soft mono', text: `#${change.id.split('-').at(-1)}` }),
    change.payload ? el('code', { class: 'data', text: change.payload }) : null));
}

const addLine = text => add(el('li', {}, el('span', { class: 'soft', text: clock(Date.now()) }), el('span'), el('span', { class: 'soft', text })));

function add(item) {
  $('feed-empty').hidden = true;
  if (isHeld) held++;
  else {
    $('feed').prepend(item);
    while ($('feed').children.length > MOST_CHANGES) $('feed').lastChild.remove();
  }
  $('feed-count').textContent = isHeld ? `held, ${number.format(held)} passed by` : number.format(seen);
}

$('feed-pause').addEventListener('click', event => {
  isHeld = !isHeld;
  held = 0;
  event.target.textContent = isHeld ? 'Go on' : 'Hold';
  event.target.setAttribute('aria-pressed', isHeld);
  $('feed-count').textContent = isHeld ? 'held' : number.format(seen);
});

// Questions before anything is changed.
function ask(heading, text, button, fields, run) {
  $('ask-title').textContent = heading;
  $('ask-body').replaceChildren(...(text ? [el('p', { text })] : []), ...fields);
  $('ask-go').textContent = button;
  $('ask-problem').hidden = true;
  $('ask-go').disabled = false;
  $('ask').querySelector('form').onsubmit = async event => {
    event.preventDefault();
    $('ask-go').disabled = true;
    const result = await run();
    $('ask-go').disabled = false;
    if (result.done) {
      $('ask').close();
      say(result.message);
      refresh();
    } else {
      $('ask-problem').textContent = result.message;
      $('ask-problem').hidden = false;
    }
  };
  $('ask').showModal();
  ($('ask-body').querySelector('select, input') ?? $('ask-cancel')).focus();
}

$('ask-cancel').addEventListener('click', () => $('ask').close());
$('drawer-close').addEventListener('click', () => $('drawer').close());
$('drawer').addEventListener('click', event => { if (event.target === $('drawer')) $('drawer').close(); });

function askInvalidate(target = 'entity', name = '') {
  const kind = el('select', { id: 'ask-target' }, ...[['entity', 'Results of an entity'], ['tag', 'Results with a tag'], ['query', 'Results of a named query'], ['all', 'Everything']]
    .map(([value, text]) => el('option', { value, text })));
  kind.value = target;
  const entity = el('select', { id: 'ask-entity' }, ...(state?.entities ?? []).map(e => el('option', { value: e, text: e })));
  const typed = el('input', { id: 'ask-name', type: 'text', autocomplete: 'off', spellcheck: 'false', maxlength: 200 });
  typed.value = name;
  const which = el('label', { class: 'choice' }, el('span', { text: 'Which' }), entity, typed);
  const choose = () => {
    entity.hidden = kind.value !== 'entity';
    typed.hidden = kind.value !== 'tag' && kind.value !== 'query';
    which.hidden = kind.value === 'all';
  };
  kind.addEventListener('change', choose);
  choose();
  ask('Invalidate', 'Cached results end on every node; the next request for each reads the database.', 'Invalidate',
    [el('label', { class: 'choice' }, el('span', { text: 'What' }), kind), which],
    () => post('invalidate', { target: kind.value, name: kind.value === 'all' ? null : kind.value === 'entity' ? entity.value : typed.value }));
}

function askSwitch(group) {
  if (group.isPaused) ask(`Resume ${group.name}?`, 'Its handlers go on where they were.', 'Resume', [], () => post('resume', { group: group.name }));
  else ask(`Pause ${group.name}?`, 'Its handlers stop on every node until somebody resumes them. Events wait in the log meanwhile.', 'Pause', [], () => post('pause', { group: group.name }));
}

function askLetter(action, letter) {
  const name = `event ${letter.seq} of ${letter.entity}`;
  if (action === 'retry') ask(`Retry ${name}?`, 'It is handled again, and then those of its entity that wait behind it.', 'Retry', [], () => post('retry', { group: letter.group, seq: letter.seq }));
  else ask(`Skip ${name}?`, 'It is given up for good: no handler of the group will do its work.', 'Skip', [], () => post('skip', { group: letter.group, seq: letter.seq }));
}

$('invalidate').addEventListener('click', () => askInvalidate());
$('retry-all').addEventListener('click', () => ask('Retry all dead letters?', 'Every parked event of every group is handled again, in the order of its entity.', 'Retry all', [], () => post('retry', {})));

let silence;
function say(text) {
  $('toast').textContent = text;
  $('toast').hidden = false;
  clearTimeout(silence);
  silence = setTimeout(() => { $('toast').hidden = true; }, 6000);
}

// Refreshing.
async function readSeries() {
  const answer = await get('series', { after: points.at(-1)?.at ?? 0 });
  for (const values of answer.points) points.push(Object.fromEntries(answer.names.map((name, i) => [name, values[i]])));
  points = points.filter(p => p.at > Date.now() + skew - KEEP);
}

async function readState() {
  state = await get('state');
  skew = Date.parse(state.now) - Date.now();
  document.title = `${state.application} · FraiseQL state`;
  $('application').textContent = `${state.application} · ${state.environment}${state.contexts.length > 1 ? '' : ` · ${state.context}`}`;
  $('context-field').hidden = state.contexts.length < 2;
  if (state.contexts.length > 1 && $('context').options.length !== state.contexts.length) {
    $('context').replaceChildren(...state.contexts.map(name => el('option', { value: name, text: name })));
  }
  $('context').value = state.context;
  $('invalidate').hidden = !state.allowsActions;
  drawGroups();
  drawHealth();
}

async function readQueries() {
  queries = (await get('queries')).queries;
  drawQueries();
}

let lettersDue = true;
async function readLetters() {
  const parked = state?.groups.reduce((total, g) => total + g.parked, 0) ?? 0;
  if (!lettersDue && parked === 0 && letters.length === 0) return;
  lettersDue = false;
  const answer = await get('deadletters');
  letters = answer.letters;
  drawLetters(answer.total);
}

function connected(is, status) {
  isLate = !is;
  main.classList.toggle('late', isLate);
  $('link').dataset.state = is ? 'on' : 'off';
  $('link').textContent = is ? 'Live' : 'Offline';
  $('banner').hidden = is;
  $('banner').textContent = status === 401 || status === 403
    ? 'You are not allowed to see this any more: sign in again and reload the page.'
    : 'The application does not answer. What you see is old; trying again.';
}

let round = 0;
let isReading = false;
async function refresh() {
  if (isReading || document.hidden) return;
  isReading = true;
  try {
    await readSeries();
    if (round % 2 === 0) await readState();
    if (round % 2 === 1 || round === 0) await readQueries();
    if (round % 3 === 0) await readLetters().catch(() => { lettersDue = true; });
    round++;
    connected(true);
    main.setAttribute('aria-busy', 'false');
    drawTiles();
    drawCharts();
  } catch (error) {
    connected(false, error.status);
  } finally {
    isReading = false;
  }
}

function begin() {
  [points, state, queries, letters, round, lettersDue] = [[], null, [], [], 0, true];
  $('feed').replaceChildren();
  $('feed-empty').hidden = false;
  [seen, held] = [0, 0];
  $('feed-count').textContent = '';
  listen();
  refresh();
}

for (const button of document.querySelectorAll('.ranges button')) {
  button.addEventListener('click', () => {
    minutes = +button.dataset.minutes;
    document.querySelectorAll('.ranges button').forEach(b => b.setAttribute('aria-pressed', b === button));
    drawCharts();
  });
}

$('context').addEventListener('change', event => {
  context = event.target.value;
  const query = new URLSearchParams(location.search);
  query.set('context', context);
  history.replaceState(null, '', `?${query}`);
  begin();
});

document.addEventListener('visibilitychange', refresh);
for (const [key, label] of [['hit', 'Hit rate, last minute'], ['requests', 'Requests'], ['lag', 'Listener lag'], ['waiting', 'Waiting for handlers'], ['parked', 'Dead letters'], ['memory', 'Memory of L1']]) tile(key, label);
makeCharts();
makeQueryHead();
begin();
setInterval(refresh, 1000);
