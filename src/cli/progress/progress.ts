/** How far the run is, while it goes on. */

import type { ProgressKind } from '../map-options.js';
import type { Terminal } from '../terminal.js';
import type { Progress, ProgressFacts } from './facts.js';
import { jsonProgress } from './json.js';
import { liveProgress } from './live.js';
import { plainProgress, silentProgress } from './plain.js';

export type { Progress } from './facts.js';

export function startProgress(kind: ProgressKind, terminal: Terminal, facts: ProgressFacts): Progress {
  switch (kind) {
    case 'auto':
      return terminal.live ? liveProgress(terminal, facts) : plainProgress(terminal, facts);
    case 'live':
      return liveProgress(terminal, facts);
    case 'plain':
      return plainProgress(terminal, facts);
    case 'json':
      return jsonProgress(terminal, facts);
    case 'none':
      return silentProgress(terminal);
    default:
      return kind satisfies never;
  }
}
