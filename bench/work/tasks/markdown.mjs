import { readFileSync } from 'node:fs';
import { marked } from 'marked';

/** A Markdown file as HTML. */
export function renderFile(path) {
  return marked.parse(readFileSync(path, 'utf8'));
}
