/** The chart itself, on a canvas; loaded lazily. Its colours are those of the theme, also after the theme changes. */
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useStore } from "../../api/store";
import { zone } from "../../preferences";
import { chartDataOf, secondsMark, type Bucket } from "./chartData";

interface Props {
  buckets: readonly Bucket[];
  label: string;
  /** The part that the pointer is at, by its place. */
  onPoint: (index: number | null) => void;
}

const HEIGHT = 200;
const HEADROOM = 1.12;

/** Steps between marks that people count in: most marks have one unit. */
const SECONDS_STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30].concat(
  [1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  [1, 2, 4, 6, 12, 24, 48, 168, 336, 720].map((hours) => hours * 3600),
);

/** Room for the longest mark, in pixels. */
const widthOf = (marks: readonly string[]): number => Math.max(40, ...marks.map((mark) => 16 + mark.length * 7));
const DAY = 86_400;

const halfPart = (times: ArrayLike<number>): number => ((times[1] ?? 0) - (times[0] ?? 0)) / 2;

/** A time of the axis: the day at midnight and in long steps, else the hour. */
function timeWords(seconds: number, step: number, isUtc: boolean): string {
  const at = new Date(seconds * 1000);
  const zoned = isUtc ? ({ timeZone: "UTC" } as const) : {};
  const isMidnight = at.toLocaleTimeString("en-GB", { ...zoned, hour: "2-digit", minute: "2-digit" }) === "00:00";
  if (step >= DAY || isMidnight) return at.toLocaleDateString([], { ...zoned, day: "numeric", month: "short" });
  return at.toLocaleTimeString([], { ...zoned, hour: "2-digit", minute: "2-digit" });
}

export default function ThroughputChart({ buckets, label, onPoint }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const theme = useTheme();
  const isUtc = useStore(zone) === "UTC";
  const latest = useRef({ buckets, onPoint });
  latest.current = { buckets, onPoint };

  useEffect(() => {
    const { current } = place;
    if (!current) return;
    const options = optionsOf(current.clientWidth, isUtc, (index) => latest.current.onPoint(index));
    const made = new uPlot(options, chartDataOf(latest.current.buckets), current);
    chart.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: current.clientWidth, height: HEIGHT }));
    observer.observe(current);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [theme, isUtc]);

  useEffect(() => chart.current?.setData(chartDataOf(buckets)), [buckets]);

  return <div ref={place} className="chart" role="img" aria-label={label} />;
}

/** A number that grows when the theme changes: by the system, or by an attribute of the page. */
function useTheme(): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const changed = (): void => setVersion((before) => before + 1);
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", changed);
    const observer = new MutationObserver(changed);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "data-theme", "style"] });
    return () => {
      system.removeEventListener("change", changed);
      observer.disconnect();
    };
  }, []);
  return version;
}

/** The colours that custom properties stand for here: a canvas does not read `light-dark(…)`, only what a browser computes. */
function coloursOf(place: HTMLElement): (name: string) => string {
  const probe = place.appendChild(document.createElement("span"));
  probe.hidden = true;
  const style = getComputedStyle(probe);
  queueMicrotask(() => probe.remove());
  return (name) => {
    probe.style.color = `var(${name})`;
    return style.color;
  };
}

function optionsOf(width: number, isUtc: boolean, onPoint: (index: number | null) => void): uPlot.Options {
  const colour = coloursOf(document.body);
  const bars = uPlot.paths.bars?.({ size: [0.72, 40] });
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const bar = (name: string) => ({ fill: colour(name), stroke: colour(name), width: 0, points: { show: false }, ...(bars && { paths: bars }) });
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { setScale: false, x: false, y: false } },
    tzDate: (at) => (isUtc ? uPlot.tzDate(new Date(at * 1000), "Etc/UTC") : new Date(at * 1000)),
    scales: {
      // Half a part more at both ends, or the first and the last bar would be cut.
      x: { range: ({ data: [times] }, least, most) => [least - halfPart(times), most + halfPart(times)] },
      count: { range: (_, __, most) => [0, Math.max(most * HEADROOM, 4)] },
      seconds: { range: (_, __, most) => [0, (most || 1) * HEADROOM] },
    },
    series: [
      {},
      { scale: "count", ...bar("--bad") },
      { scale: "count", ...bar("--good") },
      { scale: "seconds", stroke: colour("--remote"), width: 2, spanGaps: true, points: { show: true, size: 5, fill: colour("--remote") } },
    ],
    axes: [
      { ...axis, size: 30, space: 76, values: (_, marks, __, ___, step) => marks.map((mark) => timeWords(mark, step, isUtc)) },
      { ...axis, scale: "count", size: 44, label: "processes", labelFont: axis.font, labelSize: 18, labelGap: 0, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
      {
        ...axis,
        // The colour of its line, and a name: two axes of numbers are easily mixed up.
        ...{ scale: "seconds", side: 1, stroke: colour("--remote"), grid: { show: false } },
        ...{ label: "95 % took at most", labelFont: axis.font, labelSize: 18, labelGap: 0 },
        incrs: SECONDS_STEPS,
        size: (_, marks) => widthOf(marks ?? []),
        values: (_, marks) => marks.map(secondsMark),
      },
    ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  };
}
