// A chart over time by uPlot: lines or stacked-looking bars, a shared cursor, a brush that sets the range.
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { colourOf, DASHES, SERIES } from "../lib/colours";
import { minute } from "../lib/format";
import { between } from "../lib/range";
import { change } from "../lib/router";
import { usePreference } from "../lib/preferences";

export interface Series {
  label: string;
  values: (number | null)[];
  to?: () => void;
}

interface Props {
  times: number[];
  series: Series[];
  format: (value: number) => string;
  label: string;
  kind?: "line" | "bars";
  height?: number;
}

/** Ticks in the zone of the preference: the day where it changes or the axis is long, else the time. */
function ticksOf(_: uPlot, ticks: number[]): string[] {
  const isLong = (ticks.at(-1) ?? 0) - (ticks[0] ?? 0) > 3 * 86_400;
  let day = "";
  return ticks.map((tick) => {
    const [date = "", clock = ""] = minute(tick * 1000).split(" ");
    const isNew = date !== day && day !== "";
    day = date;
    return isLong || (isNew && clock === "00:00") ? date.slice(5) : clock;
  });
}

const seriesAt = (label: string, index: number): number => (/error/.test(label) ? SERIES.length - 1 : index);
const bars = uPlot.paths.bars?.({ size: [0.8, 24] });

export default function Chart({ times, series, format, label, kind = "line", height = 180 }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [theme] = usePreference("theme");
  const [under, setUnder] = useState<number | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element || times.length === 0) return;
    const style = getComputedStyle(document.documentElement);
    const [muted, line] = [style.getPropertyValue("--muted").trim(), style.getPropertyValue("--line").trim()];
    const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { stroke: line }, font: "11px system-ui" };
    const plot = new uPlot({
      width: Math.max(120, element.clientWidth), height,
      legend: { show: false },
      cursor: { sync: { key: "boards" }, points: { size: 6 }, drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: true }, y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] } },
      axes: [{ ...axis, values: ticksOf, size: 28 }, { ...axis, size: 62, values: (_, ticks) => ticks.map(format) }],
      series: [{}, ...series.map(({ label: name }, index) => ({
        label: name, stroke: colourOf(seriesAt(name, index)), width: 1.5, dash: kind === "line" ? DASHES[index % DASHES.length] : undefined,
        ...(kind === "bars" && bars ? { paths: bars, fill: colourOf(seriesAt(name, index)) } : {}), points: { show: kind === "line" && times.length < 3 }, spanGaps: true,
      }))],
      hooks: {
        setCursor: [(self) => setUnder(self.cursor.idx ?? null)],
        setSelect: [(self) => {
          const { left, width } = self.select;
          if (width > 4) change({ range: between(self.posToVal(left, "x") * 1000, self.posToVal(left + width, "x") * 1000) });
        }],
      },
    }, [times, ...series.map(({ values }) => values)], element);
    const watcher = new ResizeObserver(() => plot.setSize({ width: Math.max(120, element.clientWidth), height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [times, series, format, kind, height, theme]);
  return (
    <figure>
      <div ref={box} role="img" aria-label={label} style={{ minHeight: height }} />
      <figcaption className="legend">
        {series.slice(0, 9).map((each, index) => (
          <button key={each.label} className="plain" disabled={!each.to} onClick={each.to} title={each.to ? "Show what it counts" : undefined} style={{ opacity: 1 }}>
            <i style={{ background: `var(${SERIES[seriesAt(each.label, index) % SERIES.length]})` }} />{each.label || "(none)"}{under !== null && <b> {each.values[under] === null || each.values[under] === undefined ? "–" : format(each.values[under] ?? 0)}</b>}
          </button>
        ))}
      </figcaption>
    </figure>
  );
}
