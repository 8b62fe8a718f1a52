/** Marks along an axis of time; used by the command and by the page alike. */

export interface Tick {
  readonly ms: number;
  readonly label: string;
}

const stepsOver10sMs = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400].map((s) => s * 1000);

/** Nearer to the right edge, there is no room for a label. */
const edgeShare = 0.04;

/** Round times between the two, no more than `max` of them. */
export function ticks(fromMs: number, toMs: number, max: number): Tick[] {
  const stepMs = roundStep((toMs - fromMs) / Math.max(1, max));
  if (!(stepMs > 0)) return [];
  const marks: Tick[] = [];
  for (let place = Math.ceil(fromMs / stepMs); place * stepMs <= toMs - (toMs - fromMs) * edgeShare; place += 1)
    marks.push({ ms: place * stepMs, label: timeLabel(place * stepMs, stepMs) });
  return marks;
}

function roundStep(leastMs: number): number {
  if (leastMs > 10_000)
    return stepsOver10sMs.find((step) => step >= leastMs) ?? Math.ceil(leastMs / 86_400_000) * 86_400_000;
  const power = 10 ** Math.floor(Math.log10(leastMs));
  return ([1, 2, 5, 10].find((step) => step * power >= leastMs) ?? 10) * power;
}

function timeLabel(ms: number, stepMs: number): string {
  const decimals = (unitMs: number): number => Math.max(0, Math.ceil(-Math.log10(stepMs / unitMs) - 1e-9));
  if (ms === 0) return '0';
  if (ms < 1000 && stepMs < 1000) return `${ms.toFixed(decimals(1))} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(decimals(1000))} s`;
  const whole = Math.floor(seconds / 60);
  const rest = (seconds - whole * 60).toFixed(decimals(1000));
  const [head, minutes] =
    whole < 60 ? ['', String(whole)] : [`${Math.floor(whole / 60)}:`, twoDigits(String(whole % 60))];
  return `${head}${minutes}:${twoDigits(rest)}`;
}

function twoDigits(text: string): string {
  return /^\d(\D|$)/.test(text) ? `0${text}` : text;
}
