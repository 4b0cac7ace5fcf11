/** Charts in SVG: a large one with axes and a readout, and a spark for a tile. */
import { niceCeiling, type Point, peakOf, shapeOf } from './chart-shape.ts';
import { el, mark, say, svg } from './dom.ts';
import { clockTime, duration, NONE } from './format.ts';
import type { Column, History } from './history.ts';

const HEIGHT = 150;
const LABEL_WIDTH = 72;
const WINDOW_LEAST_MS = 60_000;
const GRID = [0, 0.5, 1];

export interface Series {
  readonly column: Column;
  readonly label: string;
  readonly tone: 'first' | 'second';
}

export interface ChartOptions {
  readonly title: string;
  readonly series: readonly Series[];
  readonly isSize: boolean;
  format(value: number | null): string;
}

export class Chart {
  readonly element: HTMLElement;
  private readonly options: ChartOptions;
  private readonly drawing = svg('svg', { class: 'chart', height: String(HEIGHT + 22), role: 'img' });
  private readonly lines: { area: SVGPathElement; line: SVGPathElement; value: HTMLElement }[];
  private readonly grid = GRID.map(() => ({
    line: svg('line', { class: 'grid' }),
    label: svg('text', { class: 'axis', x: '0' }),
  }));
  private readonly start = svg('text', { class: 'axis', y: String(HEIGHT + 18) });
  private readonly end = svg('text', { class: 'axis', y: String(HEIGHT + 18), 'text-anchor': 'end' });
  private readonly hair = svg('line', { class: 'hair', y1: '0', y2: String(HEIGHT), visibility: 'hidden' });
  private readonly when = el('span', { class: 'when' });
  private history: History | null = null;
  private pointedX: number | null = null;

  constructor(options: ChartOptions) {
    this.options = options;
    this.lines = options.series.map(({ tone }) => ({
      area: svg('path', { class: `area ${tone}` }),
      line: svg('path', { class: `line ${tone}` }),
      value: el('b', {}, NONE),
    }));
    this.drawing.append(...this.grid.flatMap(({ line, label }) => [line, label]));
    this.drawing.append(...this.lines.map(({ area }) => area), ...this.lines.map(({ line }) => line));
    this.drawing.append(this.hair, this.start, this.end);
    const legend = options.series.map(({ label, tone }, at) =>
      el('span', { class: `key ${tone}` }, `${label} `, this.lines[at]!.value),
    );
    const head = el('div', { class: 'legend' }, el('h2', {}, options.title), ...legend, this.when);
    this.element = el('section', { class: 'panel' }, head, this.drawing);
    this.followPointer();
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  update(history: History): void {
    this.history = history;
    this.draw();
  }

  private draw(): void {
    const { history } = this;
    const width = Math.max(1, this.drawing.clientWidth - LABEL_WIDTH);
    if (history === null || history.length === 0 || this.drawing.clientWidth === 0) return;
    const windowMs = history.windowMs(WINDOW_LEAST_MS);
    const untilMs = history.lastMs;
    const columns = this.options.series.map(({ column }) => history.column(column));
    const peak = Math.max(...columns.map((points) => peakOf(points, untilMs - windowMs)));
    const ceiling = niceCeiling(peak, this.options.isSize);
    for (const [at, points] of columns.entries()) {
      const { line, area } = shapeOf(points, { width, height: HEIGHT, untilMs, windowMs, ceiling });
      this.lines[at]!.line.setAttribute('d', line);
      this.lines[at]!.area.setAttribute('d', area);
    }
    this.drawAxes(width, windowMs, ceiling);
    this.readOut(width, history, windowMs);
  }

  private drawAxes(width: number, windowMs: number, ceiling: number): void {
    for (const [at, share] of GRID.entries()) {
      const { line, label } = this.grid[at]!;
      // Half a pixel down, so that a line of one pixel is one.
      const y = Math.round(HEIGHT * (1 - share)) + 0.5;
      for (const [name, value] of Object.entries({ x1: 0, x2: width, y1: y, y2: y })) mark(line, name, String(value));
      mark(label, 'x', String(width + 8));
      mark(label, 'y', String(share === 1 ? y + 10 : share === 0 ? y : y + 4));
      say(label, this.options.format(ceiling * share));
    }
    say(this.start, `${duration(windowMs)} ago`);
    mark(this.end, 'x', String(width));
    say(this.end, 'now');
  }

  /** The last values, or those under the pointer. */
  private readOut(width: number, history: History, windowMs: number): void {
    const pointed =
      this.pointedX === null
        ? null
        : history.nearest(history.lastMs - windowMs * (1 - Math.min(1, this.pointedX / width)));
    const shown = pointed ?? history.nearest(history.lastMs);
    const texts = this.options.series.map(({ column }) => this.options.format(shown?.values?.[column] ?? null));
    for (const [at, text] of texts.entries()) say(this.lines[at]!.value, text);
    say(this.when, pointed === null ? '' : clockTime(pointed.atMs));
    mark(this.hair, 'visibility', pointed === null ? 'hidden' : 'visible');
    if (pointed === null) {
      const spoken = this.options.series.map(({ label }, at) => `${label} ${texts[at]}`).join(', ');
      mark(this.drawing, 'aria-label', `${this.options.title}: ${spoken}`);
      return;
    }
    const x = String(width * (1 - (history.lastMs - pointed.atMs) / windowMs));
    mark(this.hair, 'x1', x);
    mark(this.hair, 'x2', x);
  }

  private followPointer(): void {
    this.drawing.addEventListener('pointermove', (event) => {
      this.pointedX = event.clientX - this.drawing.getBoundingClientRect().left;
      this.draw();
    });
    this.drawing.addEventListener('pointerleave', () => {
      this.pointedX = null;
      this.draw();
    });
  }
}

const SPARK = { width: 120, height: 28 };

export class Spark {
  readonly element: SVGSVGElement;
  private readonly area = svg('path', { class: 'area first' });
  private readonly line = svg('path', { class: 'line first' });

  constructor() {
    const viewBox = `0 -1 ${SPARK.width} ${SPARK.height + 2}`;
    const attributes = { class: 'spark', viewBox, preserveAspectRatio: 'none', 'aria-hidden': 'true' };
    this.element = svg('svg', attributes, this.area, this.line);
  }

  update(points: readonly Point[], untilMs: number, windowMs: number): void {
    const ceiling = niceCeiling(peakOf(points, untilMs - windowMs) * 1.1);
    const { line, area } = shapeOf(points, { ...SPARK, untilMs, windowMs, ceiling });
    this.line.setAttribute('d', line);
    this.area.setAttribute('d', area);
  }
}
