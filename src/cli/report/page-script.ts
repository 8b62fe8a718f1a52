/** What the page does in a browser: tells what is under the pointer or the focus, and zooms the timeline. Without it, all is still there. */

import { ticks } from './ticks.js';

const tip = document.getElementById('tip') as HTMLElement;

function showTip(of: Element, at: { readonly x: number; readonly y: number }): void {
  // As text, whatever it says.
  tip.textContent = of.getAttribute('data-t');
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const above = at.y - height - 14;
  tip.style.left = `${Math.max(8, Math.min(at.x + 12, innerWidth - width - 8))}px`;
  tip.style.top = `${above >= 8 ? above : Math.min(at.y + 18, innerHeight - height - 8)}px`;
}

function hideTip(): void {
  tip.hidden = true;
}

document.addEventListener('pointermove', (event) => {
  const found = event.target instanceof Element ? event.target.closest('[data-t]') : null;
  if (found === null) hideTip();
  else showTip(found, event);
});
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') hideTip();
});

const timeline = document.querySelector<SVGSVGElement>('svg#timeline');
if (timeline !== null) animate(timeline);

function animate(svg: SVGSVGElement): void {
  const units = Number(svg.dataset['units']);
  const endMs = Number(svg.dataset['end']);
  const height = svg.viewBox.baseVal.height;
  const marks = svg.parentElement?.querySelector('.ticks') as HTMLElement;
  const view = { from: 0, width: units };

  function show(from: number, width: number): void {
    view.width = Math.max(units / 100_000, Math.min(width, units));
    view.from = Math.max(0, Math.min(from, units - view.width));
    svg.setAttribute('viewBox', `${view.from} 0 ${view.width} ${height}`);
    const toMs = (unit: number): number => (unit / units) * endMs;
    const [fromMs, widthMs] = [toMs(view.from), toMs(view.width)];
    const count = Math.max(3, Math.min(6, Math.floor(svg.clientWidth / 110)));
    marks.replaceChildren(
      ...ticks(fromMs, fromMs + widthMs, count).map(({ ms, label }) => {
        const mark = document.createElement('i');
        mark.style.left = `${((ms - fromMs) / widthMs) * 100}%`;
        mark.appendChild(document.createElement('b')).textContent = label;
        return mark;
      }),
    );
  }

  function zoom(factor: number, around = 0.5): void {
    const center = view.from + view.width * around;
    const width = Math.min(view.width * factor, units);
    show(center - width * around, width);
  }

  const group = document.querySelector<HTMLElement>('.zoom');
  if (group !== null) {
    group.hidden = false;
    group.addEventListener('click', ({ target }) => {
      const how = target instanceof HTMLElement ? target.dataset['zoom'] : undefined;
      if (how === 'in') zoom(0.5);
      if (how === 'out') zoom(2);
      if (how === 'all') show(0, units);
    });
  }

  svg.addEventListener(
    'wheel',
    (event) => {
      const { left, width } = svg.getBoundingClientRect();
      if (event.ctrlKey || event.metaKey) zoom(1.002 ** event.deltaY, (event.clientX - left) / width);
      else if (event.deltaX !== 0) show(view.from + (event.deltaX / width) * view.width, view.width);
      else return;
      event.preventDefault();
    },
    { passive: false },
  );

  let dragged: { readonly x: number; readonly from: number } | undefined;
  svg.addEventListener('pointerdown', (event) => {
    if (event.button === 0 && view.width < units) dragged = { x: event.clientX, from: view.from };
  });
  addEventListener('pointerup', () => {
    dragged = undefined;
  });
  svg.addEventListener('pointermove', ({ clientX }) => {
    if (dragged !== undefined) show(dragged.from - ((clientX - dragged.x) / svg.clientWidth) * view.width, view.width);
  });
  addEventListener('resize', () => show(view.from, view.width));

  const rows = [...svg.querySelectorAll('g')].map((row) => [...row.querySelectorAll('rect')]);
  let [row, place] = [0, -1];

  function select(nextRow: number, nextPlace: number): void {
    const tasks = rows[nextRow];
    if (tasks === undefined || tasks.length === 0) return;
    rows[row]?.[place]?.classList.remove('on');
    row = nextRow;
    place = Math.max(0, Math.min(nextPlace, tasks.length - 1));
    const bar = tasks[place] as SVGRectElement;
    bar.classList.add('on');
    const { x, width } = bar.getBBox();
    if (x + width < view.from || x > view.from + view.width) show(x + width / 2 - view.width / 2, view.width);
    const { left, top, width: shown } = bar.getBoundingClientRect();
    showTip(bar, { x: left + Math.min(shown, svg.clientWidth) / 2, y: top });
  }

  /** The task of another worker that is nearest in time. */
  function selectRow(nextRow: number): void {
    const at = rows[row]?.[place]?.getBBox().x ?? 0;
    const distances = (rows[nextRow] ?? []).map((bar) => Math.abs(bar.getBBox().x - at));
    select(nextRow, distances.indexOf(Math.min(...distances)));
  }

  const keys: Readonly<Record<string, () => void>> = {
    ArrowRight: () => select(row, place + 1),
    ArrowLeft: () => select(row, place - 1),
    ArrowDown: () => selectRow(Math.min(row + 1, rows.length - 1)),
    ArrowUp: () => selectRow(Math.max(row - 1, 0)),
    Home: () => select(row, 0),
    End: () => select(row, Number.POSITIVE_INFINITY),
    '+': () => zoom(0.5),
    '=': () => zoom(0.5),
    '-': () => zoom(2),
    '0': () => show(0, units),
  };
  svg.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  svg.addEventListener('blur', () => {
    hideTip();
    rows[row]?.[place]?.classList.remove('on');
  });
  show(0, units);
}
