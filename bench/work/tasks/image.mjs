/** Image work in pure JavaScript: a box blur of RGBA pixels, with sums that slide, so that its cost does not depend on the radius. */

const radius = 8;

/** @returns a new Uint8Array with the blurred pixels. */
export function boxBlur({ width, height, pixels }) {
  const across = new Uint8Array(pixels.length);
  const result = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) blurLine(pixels, across, y * width * 4, 4, width);
  for (let x = 0; x < width; x++) blurLine(across, result, x * 4, width * 4, height);
  return result;
}

/** One row or column: `length` pixels from `start`, each `step` bytes after the one before. Beyond the ends, the last pixel goes on. */
function blurLine(from, to, start, step, length) {
  const window = 2 * radius + 1;
  const last = start + (length - 1) * step;
  for (let channel = 0; channel < 4; channel++) {
    let sum = from[start + channel] * radius;
    for (let i = 0; i <= radius; i++) sum += from[Math.min(start + i * step, last) + channel];
    for (let i = 0; i < length; i++) {
      to[start + i * step + channel] = sum / window;
      const entering = Math.min(start + (i + radius + 1) * step, last);
      const leaving = Math.max(start + (i - radius) * step, start);
      sum += from[entering + channel] - from[leaving + channel];
    }
  }
}
