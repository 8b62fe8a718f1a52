/** Numbers as people read them. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Three digits that count, and all of those before the point. */
export function figure(value) {
  const size = Math.abs(value);
  if (size >= 100) return whole.format(value);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 0.1 ? 2 : 3);
}

export function withUnit(value, unit) {
  return `${figure(value)} ${unit}`;
}
