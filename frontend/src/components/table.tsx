/** Tables: a plain one, and one that draws only the rows in view. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { navigate } from "../router";
import { Icon } from "./icon";

export interface Column<Row> {
  key: string;
  head: ComponentChildren;
  cell: (row: Row) => ComponentChildren;
  number?: boolean;
  /** In pixels; the virtual table needs it. */
  width?: number;
  sortable?: boolean;
  /** A class of the cell. */
  mark?: (row: Row) => string;
  /** Beside the head: what is not for ordering. */
  tools?: ComponentChildren;
  /** The cell names its row. */
  rowHead?: boolean;
}

export interface Sort {
  key: string;
  descending: boolean;
}

export function Table<Row>({ label, columns, rows, rowKey, empty }: {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row, index: number) => string;
  empty?: ComponentChildren;
}) {
  if (!rows.length && empty) return <>{empty}</>;
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={label}>
      <table class="table" aria-label={label}>
        <thead>
          <tr>{columns.map((column) => <th scope="col" key={column.key} class={column.number ? "number" : ""}>{column.head}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={rowKey(row, index)}>{columns.map((column) => <Cell column={column} row={row} key={column.key} />)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const names = `${column.number ? "number" : ""} ${column.mark?.(row) ?? ""}`;
  return column.rowHead
    ? <th scope="row" class={names}>{column.cell(row)}</th>
    : <td class={names}>{column.cell(row)}</td>;
}

const ROW_PX = 36;
const BEYOND = 12;

export function VirtualTable<Row>({ label, columns, total, rowAt, rowKey, onRange, sort, onSort, selected, onSelect, onSelectAll, href, onKey, busy = false }: {
  label: string;
  columns: Column<Row>[];
  total: number;
  rowAt: (index: number) => Row | undefined;
  rowKey: (row: Row) => string;
  /** Which rows are wanted. */
  onRange: (first: number, last: number) => void;
  sort?: Sort | undefined;
  onSort?: (sort: Sort) => void;
  selected?: ReadonlySet<string>;
  /** Rows from `from` to `to`, both included, become selected or not. */
  onSelect?: (from: number, to: number, on: boolean) => void;
  onSelectAll?: (on: boolean) => void;
  href?: (row: Row) => string;
  onKey?: (event: KeyboardEvent) => void;
  busy?: boolean;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState<[number, number]>([0, 40]);
  const [active, setActive] = useState(-1);
  const anchor = useRef(0);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = () => {
      const first = Math.max(0, Math.floor(element.scrollTop / ROW_PX) - BEYOND);
      const last = Math.min(total, Math.ceil((element.scrollTop + element.clientHeight) / ROW_PX) + BEYOND);
      setRange((before) => (before[0] === first && before[1] === last ? before : [first, last]));
    };
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, [total]);
  useEffect(() => onRange(range[0], range[1]), [range[0], range[1], total]);

  const show = (index: number) => {
    const element = frame.current;
    if (!element) return;
    const top = index * ROW_PX;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + 2 * ROW_PX > element.scrollTop + element.clientHeight) element.scrollTop = top + 2 * ROW_PX - element.clientHeight;
  };
  const isSelected = (index: number) => {
    const row = rowAt(index);
    return row !== undefined && !!selected?.has(rowKey(row));
  };
  const toggle = (index: number, extend: boolean) => {
    const on = !isSelected(index);
    onSelect?.(extend ? anchor.current : index, index, extend ? true : on);
    if (!extend) anchor.current = index;
  };
  const pressed = (event: KeyboardEvent) => {
    if ((event.target as Element).matches("input, select, button")) return;
    const page = Math.max(1, Math.floor((frame.current?.clientHeight ?? 0) / ROW_PX) - 2);
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, PageDown: page, PageUp: -page, Home: -total, End: total }[event.key];
    const row = rowAt(active);
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(total - 1, active + step));
      if (event.shiftKey && onSelect) onSelect(Math.min(anchor.current, next), Math.max(anchor.current, next), true);
      setActive(next);
      show(next);
    } else if (event.key === "Enter" && row && href) navigate(href(row));
    else if ((event.key === " " || event.key === "x") && onSelect && active >= 0) {
      event.preventDefault();
      toggle(active, event.shiftKey);
    } else onKey?.(event);
  };

  const [first, last] = [range[0], Math.min(range[1], total)];
  const width = columns.reduce((sum, column) => sum + (column.width ?? 120), onSelect ? 38 : 0);
  const drawn = [];
  for (let index = first; index < last; index += 1) {
    const row = rowAt(index);
    drawn.push(
      <tr
        key={index}
        aria-rowindex={index + 2}
        aria-selected={onSelect ? isSelected(index) : undefined}
        class={index === active ? "active" : ""}
        onClick={() => setActive(index)}
      >
        {onSelect && (
          <td class="tick">
            <input
              type="checkbox"
              tabIndex={-1}
              aria-label={`Select row ${index + 1}`}
              checked={isSelected(index)}
              disabled={!row}
              onClick={(event) => {
                event.stopPropagation();
                toggle(index, event.shiftKey);
              }}
            />
          </td>
        )}
        {row
          ? columns.map((column) => <Cell column={column} row={row} key={column.key} />)
          : columns.map((column) => <td key={column.key}><div class="skeleton" style={{ height: "12px", width: "60%" }} /></td>)}
      </tr>,
    );
  }
  return (
    <div class="table-frame" ref={frame} tabIndex={0} onKeyDown={pressed} aria-busy={busy} role="region" aria-label={label}>
      <table class="table fixed" aria-label={label} aria-rowcount={total + 1} style={{ minWidth: `${width}px` }}>
        <colgroup>
          {onSelect && <col style={{ width: "38px" }} />}
          {columns.map((column) => <col key={column.key} style={{ width: `${column.width ?? 120}px` }} />)}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {onSelect && (
              <th scope="col" class="tick">
                <input type="checkbox" aria-label="Select all rows" checked={!!selected?.size} onClick={(event) => onSelectAll?.(event.currentTarget.checked)} />
              </th>
            )}
            {columns.map((column) => <Head column={column} sort={sort} onSort={onSort} key={column.key} />)}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <tr class="spacer" aria-hidden="true"><td style={{ height: `${first * ROW_PX}px` }} colSpan={columns.length + 1} /></tr>}
          {drawn}
          {last < total && <tr class="spacer" aria-hidden="true"><td style={{ height: `${(total - last) * ROW_PX}px` }} colSpan={columns.length + 1} /></tr>}
        </tbody>
      </table>
    </div>
  );
}

function Head<Row>({ column, sort, onSort }: { column: Column<Row>; sort: Sort | undefined; onSort: ((sort: Sort) => void) | undefined }) {
  const sorted = sort?.key === column.key;
  const direction = sorted ? (sort.descending ? "descending" : "ascending") : undefined;
  return (
    <th scope="col" class={column.number ? "number" : ""} aria-sort={direction}>
      {column.sortable && onSort
        ? (
          <button type="button" onClick={() => onSort({ key: column.key, descending: sorted ? !sort.descending : !!column.number })}>
            {column.head}{sorted && <Icon name={sort.descending ? "down" : "up"} size={12} />}
          </button>
        )
        : column.head}
      {column.tools}
    </th>
  );
}
