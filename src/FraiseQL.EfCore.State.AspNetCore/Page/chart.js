// Plots of time series as SVG: axes with units, a cursor by pointer and by keyboard, gaps where nothing was measured.
const NS = 'http://www.w3.org/2000/svg';
const MARGIN = { left: 46, right: 4, top: 8, bottom: 18 };
const GAP = 4000; // milliseconds without a point are a gap

export function el(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (key === 'class') node.className = value;
    else if (key === 'text') node.textContent = value;
    else if (key === 'on') for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else node.setAttribute(key, value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

const svg = (name, attributes = {}) => {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};

const clock = at => new Date(at).toLocaleTimeString('en-GB');

// 1, 2 or 5 times a power of ten; for bytes, of 1024.
function niceStep(rough, base) {
  if (base === 1024) {
    const unit = 1024 ** Math.max(0, Math.floor(Math.log(Math.max(1, rough * 2.5)) / Math.log(1024)));
    return niceStep(rough / unit, 10) * unit;
  }
  const power = 10 ** Math.floor(Math.log10(rough));
  const digit = rough / power;
  return (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10) * power;
}

export class Chart {
  // series: { key, name, color, dashed, of: point => number | null }
  constructor(parent, { title, series, format, max, min, log, stacked, whole, empty, base }) {
    Object.assign(this, { title, series, format, max, min, log, stacked, whole, empty, base });
    this.points = [];
    this.cursor = null;
    this.at = el('span', { class: 'at' });
    this.values = series.map(() => el('b', { text: '–' }));
    this.legend = el('ul', { class: 'legend' }, ...series.map((s, i) => {
      const mark = el('i', { class: s.dashed ? 'dashed' : '' });
      mark.style.background = mark.style.borderColor = `var(--${s.color})`;
      return el('li', {}, mark, el('span', { text: s.name }), this.values[i]);
    }));
    this.svg = svg('svg', { role: 'slider', tabindex: 0, 'aria-label': `${title} over time`, 'aria-valuemin': 0, 'aria-valuemax': 0, 'aria-valuenow': 0 });
    this.none = el('div', { class: 'none', text: 'Waiting for the first figures…' });
    this.plot = el('div', { class: 'plot' }, this.svg, this.none);
    this.card = el('article', { class: 'chart' }, el('h2', {}, el('span', { text: title }), this.at), this.legend, this.plot);
    parent.append(this.card);
    this.svg.addEventListener('pointermove', event => this.pointTo(event));
    this.svg.addEventListener('pointerdown', event => this.pointTo(event));
    this.svg.addEventListener('pointerleave', () => this.moveTo(null));
    this.svg.addEventListener('blur', () => this.moveTo(null));
    this.svg.addEventListener('keydown', event => this.press(event));
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  show(points, from, to, note) {
    const under = this.cursor === null ? null : this.visible?.[this.cursor]?.at;
    [this.points, this.from, this.to, this.note] = [points, from, to, note];
    this.visible = points.filter(p => p.at >= from);
    if (under !== undefined && under !== null) this.cursor = Math.max(0, this.visible.findIndex(p => p.at >= under));
    this.draw();
  }

  draw() {
    const { width, height } = this.plot.getBoundingClientRect();
    if (!this.visible || width === 0) return;
    const has = this.visible.length > 1 && this.visible.some(p => this.series.some(s => s.of(p) !== null));
    this.none.hidden = has;
    this.none.textContent = this.note ?? (this.visible.length > 1 ? this.empty ?? 'Nothing in this time.' : 'Waiting for the first figures…');
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.area = { x: MARGIN.left, y: MARGIN.top, width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
    const ticks = this.scale();
    this.svg.replaceChildren(...this.axes(ticks, has), ...(has ? this.lines() : []));
    this.svg.setAttribute('aria-valuemax', Math.max(0, this.visible.length - 1));
    this.readOut();
  }

  // The levels that lie on each other, or each by itself.
  levels(point) {
    let sum = 0;
    return this.series.map(s => {
      const value = s.of(point);
      return this.stacked ? (sum += value ?? 0) : value;
    });
  }

  scale() {
    const values = this.visible.flatMap(p => this.levels(p)).filter(v => v !== null && Number.isFinite(v));
    if (this.log) {
      const positive = values.filter(v => v > 0);
      this.low = 10 ** Math.floor(Math.log10(Math.min(...positive, 10)));
      this.high = 10 ** Math.ceil(Math.log10(Math.max(...positive, this.low * 100)));
      const all = [];
      for (let tick = this.low; tick <= this.high * 1.001; tick *= 10) all.push(tick);
      return all.filter((_, i) => all.length < 5 || (all.length - 1 - i) % 2 === 0);
    }
    this.low = this.min ?? 0;
    const most = this.max ?? Math.max(...values, this.whole ? 3 : 0);
    const step = Math.max(niceStep((most - this.low || 1) / 3, this.base), this.whole ? 1 : 0);
    this.high = this.max ?? this.low + Math.ceil((most - this.low || 1) / step) * step;
    const all = [];
    for (let tick = this.low; tick <= this.high * 1.0001; tick += step) all.push(tick);
    return all;
  }

  y(value) {
    const share = this.log
      ? Math.log(Math.max(value, this.low) / this.low) / Math.log(this.high / this.low)
      : (value - this.low) / (this.high - this.low);
    return this.area.y + this.area.height * (1 - Math.min(1, Math.max(0, share)));
  }

  x(at) {
    return this.area.x + this.area.width * (at - this.from) / (this.to - this.from);
  }

  axes(ticks, has) {
    const { x, y, width, height } = this.area;
    const nodes = [];
    for (const tick of has ? ticks : []) {
      const at = Math.round(this.y(tick)) + .5;
      nodes.push(svg('line', { class: tick === this.low ? 'axis' : 'gridline', x1: x, x2: x + width, y1: at, y2: at }));
      const label = svg('text', { x: x - 8, y: at + 3.5, 'text-anchor': 'end' });
      label.textContent = this.format(tick);
      nodes.push(label);
    }
    if (!has) nodes.push(svg('line', { class: 'axis', x1: x, x2: x + width, y1: y + height + .5, y2: y + height + .5 }));
    const span = this.to - this.from;
    for (const share of [0, .5, 1]) {
      const label = svg('text', { x: x + width * share, y: y + height + 15, 'text-anchor': share === 0 ? 'start' : share === 1 ? 'end' : 'middle' });
      const seconds = Math.round(span * (1 - share) / 1000);
      label.textContent = seconds === 0 ? 'now' : seconds >= 60 ? `−${+(seconds / 60).toFixed(1)} min` : `−${seconds} s`;
      nodes.push(label);
    }
    return nodes;
  }

  lines() {
    const levels = this.visible.map(p => this.levels(p));
    const nodes = [];
    const order = this.series.map((_, i) => i).reverse();
    for (const i of order) {
      const s = this.series[i];
      if (this.stacked && i > 0 && !this.visible.some(p => s.of(p))) continue;
      let line = '', area = '', start = null, last = null;
      const close = () => {
        if (start === null) return;
        const floor = this.stacked && i > 0 ? this.under(levels, i, start.index, last.index) : `L${this.x(last.at)} ${this.y(this.low)}L${this.x(start.at)} ${this.y(this.low)}`;
        area += floor + 'Z';
        start = null;
      };
      this.visible.forEach((p, index) => {
        const value = levels[index][i];
        if (value === null || (last && p.at - last.at > GAP)) close();
        if (value === null) return;
        const point = `${this.x(p.at).toFixed(1)} ${this.y(value).toFixed(1)}`;
        line += (start === null ? 'M' : 'L') + point;
        area += (start === null ? 'M' : 'L') + point;
        start ??= { at: p.at, index };
        last = { at: p.at, index };
      });
      close();
      if (this.stacked || this.series.length === 1) {
        const fill = svg('path', { class: 'area', d: area });
        fill.style.fill = `var(--${s.color})`;
        fill.style.fillOpacity = this.stacked ? .32 : .1;
        nodes.push(fill);
      }
      const path = svg('path', { d: line });
      path.style.stroke = `var(--${s.color})`;
      if (s.dashed) path.setAttribute('stroke-dasharray', '1 4');
      nodes.push(path);
    }
    return nodes;
  }

  under(levels, i, from, to) {
    let path = '';
    for (let index = to; index >= from; index--) path += `L${this.x(this.visible[index].at).toFixed(1)} ${this.y(levels[index][i - 1]).toFixed(1)}`;
    return path;
  }

  pointTo(event) {
    if (!this.area || !this.visible.length) return;
    const box = this.svg.getBoundingClientRect();
    const at = this.from + (event.clientX - box.left - this.area.x) / this.area.width * (this.to - this.from);
    let nearest = 0;
    this.visible.forEach((p, i) => { if (Math.abs(p.at - at) < Math.abs(this.visible[nearest].at - at)) nearest = i; });
    this.moveTo(nearest);
  }

  press(event) {
    const last = this.visible?.length - 1;
    const now = this.cursor ?? last;
    const next = { ArrowLeft: now - 1, ArrowDown: now - 10, ArrowRight: now + 1, ArrowUp: now + 10, Home: 0, End: last }[event.key];
    if (event.key === 'Escape') this.moveTo(null);
    else if (next !== undefined && last >= 0) this.moveTo(Math.min(last, Math.max(0, next)));
    else return;
    event.preventDefault();
  }

  moveTo(index) {
    this.cursor = index;
    this.readOut();
  }

  readOut() {
    this.svg.querySelector('.cursor')?.remove();
    const index = this.cursor ?? this.visible.length - 1;
    const point = this.visible[index];
    this.at.textContent = this.cursor === null || !point ? '' : clock(point.at);
    this.series.forEach((s, i) => {
      const value = point ? s.of(point) : null;
      this.values[i].textContent = value === null ? '–' : this.format(value);
    });
    this.svg.setAttribute('aria-valuenow', Math.max(0, index));
    this.svg.setAttribute('aria-valuetext', point
      ? `${clock(point.at)}: ${this.series.map((s, i) => `${s.name} ${this.values[i].textContent}`).join(', ')}` : 'no figures yet');
    if (this.cursor !== null && point && this.area) {
      const x = this.x(point.at);
      this.svg.append(svg('line', { class: 'cursor', x1: x, x2: x, y1: this.area.y, y2: this.area.y + this.area.height }));
    }
  }
}
