// A virtual table of rows of one height: ARIA grid, keys, order by heads, more rows on approach.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type ReactNode } from "react";
import { usePreference } from "../lib/preferences";

const GAP = 12;
const HEIGHTS = { compact: 24, normal: 28, cosy: 34 };

export interface GridColumn<T> {
  name: string;
  label: ReactNode;
  width: string;
  isNumber?: boolean;
  sort?: string;
  show: (row: T, index: number) => ReactNode;
  title?: (row: T) => string;
}

interface Props<T> {
  label: string;
  rows: T[];
  columns: GridColumn<T>[];
  keyOf: (row: T) => string;
  current: number;
  onCurrent: (index: number) => void;
  onOpen?: (row: T, index: number) => void;
  selected?: Set<string>;
  onSelect?: (key: string) => void;
  sort?: string;
  onSort?: (sort: string) => void;
  onEnd?: () => void;
  isDim?: boolean;
  total?: number;
  onScrollTop?: (top: number) => void;
}

export function Grid<T>(props: Props<T>) {
  const { rows, columns, current, selected, sort } = props;
  const [density] = usePreference("density");
  const height = HEIGHTS[density];
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => height, overscan: 12 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { onEnd } = props;
  useEffect(() => {
    if (rows.length && last >= rows.length - 20) onEnd?.();
  }, [last, rows.length, onEnd]);
  useEffect(() => virtual.measure(), [height, virtual]);
  useEffect(() => {
    if (current >= 0) virtual.scrollToIndex(current, { align: "auto" });
  }, [current, virtual]);
  const template = `${props.onSelect ? "18px " : ""}${columns.map((column) => column.width).join(" ")}`;
  const least = columns.reduce((sum, column) => sum + Number(/\d+/.exec(column.width)?.[0] ?? 80) + GAP, props.onSelect ? 54 : 24);
  const order = sort?.endsWith("-") ? "descending" : "ascending";
  const field = sort?.replace(/-$/, "");
  return (
    <div className={`grid${props.isDim ? " dim" : ""}`} ref={box} role="grid" aria-label={props.label} aria-rowcount={(props.total ?? rows.length) + 1} tabIndex={0}
      aria-activedescendant={current >= 0 ? `row-${current}` : undefined} onScroll={(event) => props.onScrollTop?.(event.currentTarget.scrollTop)}>
      <div role="rowgroup">
        <div className="head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template, minWidth: least }}>
          {props.onSelect && <span role="columnheader"><span className="sr">Selected</span></span>}
          {columns.map((column) => (
            <span key={column.name} role="columnheader" className={column.isNumber ? "num" : "cut"} aria-sort={column.sort && column.sort === field ? order : undefined}>
              {column.sort && props.onSort ? (
                <button onClick={() => props.onSort?.(field === column.sort ? (sort?.endsWith("-") ? (column.sort ?? "") : "") : `${column.sort}-`)}>
                  <span className="cut">{column.label}</span>{column.sort === field && <span aria-hidden="true">{sort?.endsWith("-") ? "↓" : "↑"}</span>}
                </button>
              ) : column.label || <span className="sr">{column.name}</span>}
            </span>
          ))}
        </div>
      </div>
      <div className="body" role="rowgroup" style={{ height: virtual.getTotalSize(), minWidth: least }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const key = props.keyOf(row);
          return (
            <div key={key} id={`row-${item.index}`} role="row" aria-rowindex={item.index + 2} aria-selected={item.index === current}
              className={`line${item.index === current ? " current" : ""}`} style={{ gridTemplateColumns: template, minWidth: least, transform: `translateY(${item.start}px)` }}
              onClick={() => (item.index === current ? props.onOpen?.(row, item.index) : props.onCurrent(item.index))}
              onDoubleClick={() => props.onOpen?.(row, item.index)}>
              {props.onSelect && (
                <span role="gridcell"><input type="checkbox" tabIndex={-1} aria-label={`Select row ${item.index + 1}`} checked={selected?.has(key) ?? false} onClick={(event) => event.stopPropagation()} onChange={() => props.onSelect?.(key)} /></span>
              )}
              {columns.map((column) => (
                <span key={column.name} role="gridcell" className={column.isNumber ? "num" : "cut"} title={column.title?.(row)}>{column.show(row, item.index)}</span>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
