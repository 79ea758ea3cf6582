import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from './format.ts';
import { useWidth } from './use-width.ts';

interface Series {
  readonly name: string;
  readonly fill: string;
}

interface Point {
  readonly label: string;
  /** What fits below a column. */
  readonly tick: string;
  /** One for each series, from 0. */
  readonly values: readonly number[];
}

interface ChartProps {
  readonly label: string;
  /** What the points are. */
  readonly column: string;
  /** Said when there is nothing to draw. */
  readonly none: string;
  readonly series: readonly Series[];
  readonly points: readonly Point[];
}

const HEIGHT = 180;
const LEFT = 48;
/** Room for the text below a column. */
const TICK = 64;
const BOTTOM = 24;
const TOP = 10;

/** Stacked columns over time, with the same numbers as a table for whoever does not see them. */
export function StackedChart({ label, column, none, series, points }: ChartProps) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const totals = points.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const all = totals.reduce((sum, value) => sum + value, 0);
  if (all === 0) return <p className="muted">{none}</p>;
  const sums = series.map((_, place) => points.reduce((sum, { values }) => sum + (values[place] ?? 0), 0));
  return (
    <figure className="stack-s">
      <ul className="legend">
        {series.map(({ name, fill }, place) => (
          <li key={name}>
            <Swatch fill={fill} place={place} />
            {name} <span className="strong">{number(sums[place] ?? 0)}</span>
          </li>
        ))}
      </ul>
      <Drawing label={label} series={series} points={points} max={niceCeiling(Math.max(...totals))} />
      <details>
        <summary className="small">{t('common.asTable')}</summary>
        <div className="scroll chart-table" tabIndex={0} role="region" aria-label={label}>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{column}</th>
                {series.map(({ name }) => (
                  <th key={name} scope="col" className="num">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {points
                .filter((_, index) => (totals[index] ?? 0) > 0)
                .map((point, index) => (
                  <tr key={`${point.label} ${index}`}>
                    <th scope="row">{point.label}</th>
                    {point.values.map((value, place) => (
                      <td key={series[place]?.name} className="num">
                        {number(value)}
                      </td>
                    ))}
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

function Drawing({
  label,
  series,
  points,
  max,
}: {
  label: string;
  series: readonly Series[];
  points: readonly Point[];
  max: number;
}) {
  const { number } = useFormat();
  const id = useId();
  const [box, width] = useWidth<SVGSVGElement>();
  const step = (width - LEFT) / points.length;
  const scale = (HEIGHT - BOTTOM - TOP) / max;
  const everyNth = Math.ceil((points.length * TICK) / (width - LEFT));
  return (
    <svg ref={box} className="chart" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={label}>
      <defs>
        <pattern id={id} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="5" height="5" fill={series[2]?.fill} />
          <rect width="2" height="5" fill="var(--card)" opacity="0.55" />
        </pattern>
      </defs>
      {[0, 0.5, 1].map((share) => {
        const y = HEIGHT - BOTTOM - share * max * scale;
        return (
          <g key={share}>
            <line x1={LEFT} x2={width} y1={y} y2={y} />
            <text x={LEFT - 8} y={y + 4} textAnchor="end">
              {number(share * max)}
            </text>
          </g>
        );
      })}
      {points.map((point, index) => {
        let y = HEIGHT - BOTTOM;
        const x = LEFT + index * step;
        return (
          <g key={`${point.label} ${index}`}>
            {point.values.map((value, place) => {
              const height = value * scale;
              y -= height;
              return value === 0 ? null : (
                <rect
                  key={series[place]?.name}
                  x={x + step * 0.12}
                  width={Math.max(1, step * 0.76)}
                  y={y}
                  height={Math.max(1, height)}
                  fill={place === 2 ? `url(#${id})` : series[place]?.fill}
                >
                  <title>{`${point.label}: ${series[place]?.name ?? ''} ${number(value)}`}</title>
                </rect>
              );
            })}
            {index % everyNth === 0 && x + TICK <= width + 20 && (
              <text x={x} y={HEIGHT - 7}>
                {point.tick}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}

/** The third series is told apart by its stripes, too. */
function Swatch({ fill, place }: { readonly fill: string; readonly place: number }) {
  const background =
    place === 2
      ? `repeating-linear-gradient(45deg, ${fill} 0 3px, color-mix(in srgb, ${fill} 45%, var(--card)) 3px 5px)`
      : fill;
  return <span className="swatch" style={{ background }} aria-hidden />;
}

/** 1, 2 or 5 times a power of ten, or for two even halves its double. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  const nice = [1, 2, 4, 6, 10].find((each) => each * power >= value) ?? 10;
  return Math.max(2, nice * power);
}
